// Kernels as launches see them, and launching one.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime.h>

namespace stretto::kernels::cuda::hopper {

/// Where a convolution's operands lie.
struct Pointers {
  const __half *src, *weights;
  const float *bias;
  const __half *other;  // null: none
  __half *dst;
};

struct Instance {
  const void *kernel;
  int threads;
  int whole_bytes, split_bytes;  // of shared memory
};

/// Launches `blocks` blocks in clusters of `cluster`, allowed to begin before the previous kernel has ended.
/// `arguments` as cudaLaunchKernelExC takes them.
cudaError_t launch(const Instance &instance, unsigned blocks, unsigned cluster, void **arguments, cudaStream_t stream);

}  // namespace stretto::kernels::cuda::hopper
