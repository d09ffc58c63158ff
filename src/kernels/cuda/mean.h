// Global average pooling of channels last: a block to 64 channels of an image.
#pragma once

#include "kernels/cuda/chunk.h"

namespace stretto::kernels::cuda {

struct MeanParams {
  uint32_t images, area, chunks, channels;  // of the source: pixels of an image,
                                            // chunks of a pixel, channels
  uint32_t out_stride;                      // elements of the result from an image to the next
  bool in_half, out_half;
  bool fills;  // the result has padding lanes
};

}  // namespace stretto::kernels::cuda
