// The kernel of kernels/cuda/mean.h: threads of a block take pixels in turn,
// eight channels each, and add up in shared memory in a fixed order.
#include <cuda_runtime.h>

#include "kernels/cuda/device/launches.h"
#include "kernels/cuda/mean.h"

namespace stretto::kernels::cuda {
namespace {

constexpr uint32_t kAcross = 8, kPixels = 32,
                   kThreads = kAcross * kPixels;  // chunks and pixels of a block at a time

__global__ void __launch_bounds__(kThreads) mean(const __grid_constant__ MeanParams p, const void *src, void *dst) {
  __shared__ float sums[kPixels][kAcross * kLanes + 1];
  wait_for_previous_step();
  const uint32_t across = threadIdx.x % kAcross, pixel = threadIdx.x / kAcross;
  const uint32_t chunk = blockIdx.x * kAcross + across;
  float sum[kLanes] = {}, v[kLanes];
  if (chunk < p.chunks) {
#pragma unroll 2
    for (uint32_t i = pixel; i < p.area; i += kPixels) {
      load_lanes(src, p.in_half, (size_t{blockIdx.y} * p.area + i) * p.chunks + chunk, v);
#pragma unroll
      for (uint32_t k = 0; k < kLanes; ++k) sum[k] += v[k];
    }
  }
#pragma unroll
  for (uint32_t k = 0; k < kLanes; ++k) sums[pixel][across * kLanes + k] = sum[k];
  __syncthreads();
  const uint32_t c = blockIdx.x * kAcross * kLanes + threadIdx.x;
  if (threadIdx.x >= kAcross * kLanes || c >= (p.fills ? p.out_stride : p.channels)) return;
  float total = 0;
#pragma unroll
  for (uint32_t i = 0; i < kPixels; ++i) total += sums[i][threadIdx.x];
  store(dst, p.out_half, blockIdx.y * p.out_stride + c, total / static_cast<float>(p.area));
}

}  // namespace

const char *launch_mean(const StepArgs &args, cudaStream_t stream) {
  const auto &p = args.params_as<MeanParams>();
  const dim3 grid((p.chunks + kAcross - 1) / kAcross, p.images);
  const cudaError_t wrong = launch_early(mean, grid, kThreads, 0, stream, p, args.src[0], args.dst);
  return wrong == cudaSuccess ? nullptr : cudaGetErrorString(wrong);
}

}  // namespace stretto::kernels::cuda
