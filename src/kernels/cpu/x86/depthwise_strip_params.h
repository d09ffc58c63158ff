// Integer depthwise convolution of 3×3 in strips, as numbers for the loops.
#pragma once

#include "kernels/cpu/x86/conv_integer_params.h"

namespace stretto::kernels {

inline constexpr int kStripPixels = 4;

/// A task makes row_block rows of plane_block planes; a plane is one block of 16 channels of one image. Packed: biases
/// (i32), scales (f32), a table of 256 bytes if there is one, then for each block of channels the weights: [row of the
/// kernel][place of the row in four pixels, 0 and, with a stride of 1, 1][16 channels × 4 pixels].
struct DepthwiseStripParams {
  int32_t src = 0;  // position among the inputs
  int32_t planes = 1, channel_blocks = 1, plane_block = 1, row_block = 1, row_blocks = 1;
  int32_t ih = 1, iw = 1, oh = 1, ow = 1, stride = 1, pt = 0, pl = 0;
  int32_t zero = 0;                            // the byte that padding is
  int64_t scales = 0, table = 0, weights = 0;  // bytes before them
  IntegerEpilogueParams epilogue;
};

namespace avx512_vnni {
void depthwise_strip(const StepArgs& args, TaskId id);
}  // namespace avx512_vnni

}  // namespace stretto::kernels
