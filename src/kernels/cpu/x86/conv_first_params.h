// A convolution from a plain image of few channels to blocked channels, as numbers for the loops.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/x86/epilogue_params.h"

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

/// A task makes row_block rows of one image, all output channels.
struct ConvFirstParams {
  int32_t batch = 1, channels = 1;
  int32_t ih = 1, iw = 1, oh = 1, ow = 1, kh = 1, kw = 1, sh = 1, sw = 1, dh = 1, dw = 1, pt = 0, pl = 0;
  int32_t oc_blocks = 1, blocks = 1;
  int32_t row_block = 1, row_blocks = 1;
  int32_t row_floats = 0;  // of one input row in scratch: padding, image, padding up to whole tiles
  int32_t src = 0;         // position among the inputs
  int64_t dst_block = 0;   // elements between the channel blocks of what is written
  int64_t weights = 0;     // floats before the weights: the bias
  EpilogueParams epilogue;
};

/// Pixels of a tile of so many blocks.
constexpr int first_tile_pixels(int width, int blocks) {
  if (width == 32) return blocks == 2 ? 6 : 14;
  if (width == 16) return blocks == 4 ? 6 : 14;
  return blocks == 2 ? 6 : 12;
}

namespace avx512 {
void conv_first(const StepArgs& args, TaskId id);
}
namespace avx2 {
void conv_first(const StepArgs& args, TaskId id);
}
namespace avx512_fp16 {
void conv_first(const StepArgs& args, TaskId id);
}

}  // namespace stretto::kernels
