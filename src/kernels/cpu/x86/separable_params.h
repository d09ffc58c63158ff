// A depthwise convolution with the 1×1 convolutions around it, as numbers for the loops.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/x86/epilogue_params.h"
#include "kernels/cpu/x86/window_params.h"

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

/// One of the 1×1 convolutions. Offsets in floats, of the packed weights.
struct PointwiseParams {
  int32_t exists = 0;
  int32_t ic_blocks = 1, oc_blocks = 1, last_quads = 1;
  int32_t pixels = 1, blocks = 1;  // the register tile
  int64_t bias = 0, weights = 0;
  EpilogueParams epilogue;
};

/// expand (1×1) → depthwise → project (1×1); either product may be missing. A task makes row_block rows of the result,
/// a group of channel blocks at a time: the group's expanded rows and its depthwise result stay in worker scratch, and
/// the projection adds what the group brings to sums that rest in dst (in f16 it takes all groups at the end). Without
/// a projection, tasks divide the groups too.
struct SeparableParams {
  PointwiseParams expand, project;
  /// The depthwise part. After an expansion its columns are those of the scratch rows, with the padding written out.
  WindowParams window;
  EpilogueParams epilogue;  // of the depthwise part
  int64_t bias = 0, weights = 0;
  int64_t floats = 0;  // of all packed weights
  int32_t batch = 1;
  int32_t image_h = 1, image_w = 1;  // of what is read
  int32_t pad_left = 0;              // zero columns before a scratch row
  int32_t group = 1;                 // channel blocks at a time
  int32_t chunk = 1, chunks = 1;     // channel blocks of a task
  int32_t rows = 0;                  // of the expanded scratch
  int64_t depthwise_scratch = 0;     // elements before the depthwise result
  int64_t product_scratch = 0;       // elements before what f16 products need
  int32_t src = 0;
};

namespace avx512 {
void separable(const StepArgs& args, TaskId id);
}
namespace avx2 {
void separable(const StepArgs& args, TaskId id);
}
namespace avx512_fp16 {
void separable(const StepArgs& args, TaskId id);
}

}  // namespace stretto::kernels
