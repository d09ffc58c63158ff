// Inside the .cu files: launching kernels that compute one element a thread, and the launches of other files.
#pragma once

#include <cuda_runtime.h>

#include "device/task.h"
#include "kernels/cuda/device/early.cuh"

namespace stretto::kernels::cuda {

inline constexpr unsigned kElementThreads = 128;

template <class F>
__global__ void __launch_bounds__(kElementThreads) elements(const __grid_constant__ F f, unsigned count) {
  wait_for_previous_step();
  const unsigned i = blockIdx.x * kElementThreads + threadIdx.x;
  if (i < count) f(i);
}

template <class F>
cudaError_t launch_elements_of(const F& f, cudaStream_t stream) {
  const unsigned count = f.count();
  return launch_early(elements<F>, dim3((count + kElementThreads - 1) / kElementThreads), kElementThreads, 0, stream, f,
                      count);
}

/// The launches of a step that computes elements. Null, or what went wrong.
template <class F>
const char* launch_elements(const StepArgs& args, cudaStream_t stream) {
  const auto& params = args.params_as<typename F::Params>();
  for (uint32_t launch = 0; launch < F::launches(params); ++launch) {
    const cudaError_t wrong = launch_elements_of(F::of(params, args, launch), stream);
    if (wrong != cudaSuccess) return cudaGetErrorString(wrong);
  }
  return nullptr;
}

const char* launch_mma_conv(const StepArgs& args, cudaStream_t stream);
const char* launch_hopper_conv(const StepArgs& args, cudaStream_t stream);
const char* launch_hopper_patch(const StepArgs& args, cudaStream_t stream);
const char* launch_hopper_stem(const StepArgs& args, cudaStream_t stream);
const char* launch_gemv(const StepArgs& args, cudaStream_t stream);
const char* launch_mean(const StepArgs& args, cudaStream_t stream);
const char* launch_fma_conv(const StepArgs& args, cudaStream_t stream);
const char* launch_mma_integer(const StepArgs& args, cudaStream_t stream);
const char* launch_integer_conv(const StepArgs& args, cudaStream_t stream);
const char* launch_rescale(const StepArgs& args, cudaStream_t stream);
const char* launch_integer_pool(const StepArgs& args, cudaStream_t stream);
const char* launch_integer_reduce(const StepArgs& args, cudaStream_t stream);

}  // namespace stretto::kernels::cuda
