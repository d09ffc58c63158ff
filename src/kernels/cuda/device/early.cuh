// Kernels that may begin while the previous one of the stream still runs (programmatic dependent launch), on GPUs of
// compute capability 9.0; elsewhere launches are as usual. What does not read other steps' results can come first.
#pragma once

#include <cuda_runtime.h>

#include <utility>

namespace stretto::kernels::cuda {

/// Waits until the kernels before are done. Every kernel launched early calls it in every block before it reads or
/// writes what other steps use; then the next one may begin.
__device__ __forceinline__ void wait_for_previous_step() {
#if __CUDA_ARCH__ == 900
  asm volatile("griddepcontrol.wait;\ngriddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/// Whether the GPU in use runs the code that waits.
inline bool can_launch_early() {
  int device = 0, major = 0, minor = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return false;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  return major == 9 && minor == 0;
}

template <class... Parameters, class... Arguments>
cudaError_t launch_early(void (*kernel)(Parameters...), dim3 grid, unsigned threads, size_t shared_bytes,
                         cudaStream_t stream, Arguments &&...arguments) {
  cudaLaunchAttribute early = {};
  early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  early.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3(threads);
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  config.attrs = &early;
  config.numAttrs = can_launch_early() ? 1 : 0;
  return cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...);
}

}  // namespace stretto::kernels::cuda
