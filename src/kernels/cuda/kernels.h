// The kernels there are, by number: what the planning side names and the GPU's
// side launches.
#pragma once

#include "device/task.h"

namespace stretto::kernels::cuda {

enum class Kernel {
  conv,
  gemm,
  elementwise,
  pool,
  reduce,
  softmax,
  resize,
  move,
  depthwise_lanes,
  pool_lanes,
  gemv,
  mean,
  mma_conv,
  fma_conv,
  mma_integer,
  integer_conv,
  rescale,
  integer_pool,
  integer_reduce,
  hopper_conv,
  hopper_patch,
  hopper_stem
};

/// Launches the kernel of a step on `stream` (a cudaStream_t). `args` as for a
/// task (device/task.h), its pointers the GPU's, `params` and the array `src`
/// the host's. Null, or what went wrong.
const char *launch(Kernel kernel, const StepArgs &args, void *stream);

}  // namespace stretto::kernels::cuda
