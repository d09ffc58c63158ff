// A convolution from a plain image with the pool that follows it, as numbers for the loops.
#pragma once

#include "kernels/cpu/x86/conv_first_params.h"
#include "kernels/cpu/x86/window_params.h"

namespace stretto::kernels {

/// A task makes pool.window.row_block rows of the pooled result of one image. Rows of the convolution lie
/// in a ring of `slots` rows a block in worker scratch, row y in slot y % slots, from where the pool reads them; what
/// two tasks both need is computed twice.
struct ConvPoolParams {
  ConvFirstParams conv;  // its dst is the ring
  PoolParams pool;
  int32_t slots = 1;
  int64_t ring = 0;  // bytes of scratch before it: the input rows of the convolution
};

namespace avx512 {
void conv_first_pool(const StepArgs& args, TaskId id);
}
namespace avx2 {
void conv_first_pool(const StepArgs& args, TaskId id);
}
namespace avx512_fp16 {
void conv_first_pool(const StepArgs& args, TaskId id);
}

}  // namespace stretto::kernels
