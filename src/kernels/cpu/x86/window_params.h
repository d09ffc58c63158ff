// Depthwise convolution and pooling over blocked channels, as numbers for the loops.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/x86/epilogue_params.h"

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

/// A window that slides over planes of channel blocks. A task makes row_block rows of plane_block planes.
struct WindowParams {
  int32_t planes = 1;  // batch × channel blocks
  int32_t channel_blocks = 1;
  int32_t ih = 1, iw = 1, oh = 1, ow = 1, kh = 1, kw = 1, sh = 1, sw = 1, dh = 1, dw = 1;
  int32_t pt = 0, pl = 0, pb = 0, pr = 0;
  int32_t inner_begin = 0, inner_end = 0;  // columns whose windows lie inside the image
  int32_t plane_block = 1, row_block = 1, row_blocks = 1;
  int32_t src = 0;  // position among the inputs
};

struct DepthwiseParams {
  WindowParams window;
  int64_t weights = 0;  // floats before the weights: the bias
  EpilogueParams epilogue;
};

struct PoolParams {
  WindowParams window;
  int32_t average = 0, count_pads = 0;
};

namespace avx512 {
void depthwise(const StepArgs& args, TaskId id);
void pool(const StepArgs& args, TaskId id);
}  // namespace avx512
namespace avx2 {
void depthwise(const StepArgs& args, TaskId id);
void pool(const StepArgs& args, TaskId id);
}  // namespace avx2
namespace avx512_fp16 {
void depthwise(const StepArgs& args, TaskId id);
void pool(const StepArgs& args, TaskId id);
}  // namespace avx512_fp16

}  // namespace stretto::kernels
