// Inside the .cu files: launching kernels that compute one element a thread, and the launches of other files.
#pragma once

#include <cuda_runtime.h>

#include "device/task.h"

namespace stretto::kernels::cuda {

inline constexpr unsigned kElementThreads = 128;

template <class F>
__global__ void __launch_bounds__(kElementThreads) elements(const __grid_constant__ F f, unsigned count) {
  const unsigned i = blockIdx.x * kElementThreads + threadIdx.x;
  if (i < count) f(i);
}

template <class F>
cudaError_t launch_elements_of(const F& f, cudaStream_t stream) {
  const unsigned count = f.count();
  elements<F><<<(count + kElementThreads - 1) / kElementThreads, kElementThreads, 0, stream>>>(f, count);
  return cudaGetLastError();
}

/// Null, or what went wrong.
const char* launch_mma_conv(const StepArgs& args, cudaStream_t stream);
const char* launch_gemv(const StepArgs& args, cudaStream_t stream);
const char* launch_mean(const StepArgs& args, cudaStream_t stream);

}  // namespace stretto::kernels::cuda
