// The kernel of kernels/cuda/gemv.h.
#include <cuda_runtime.h>

#include "kernels/cuda/chunk.h"
#include "kernels/cuda/device/launches.h"
#include "kernels/cuda/gemv.h"

namespace stretto::kernels::cuda {
namespace {

constexpr uint32_t kWarps = 8, kThreads = kWarps * 32;
constexpr uint32_t kStaged = 2048;  // of a row of A that lie in shared memory at a time

__global__ void __launch_bounds__(kThreads) gemv(const __grid_constant__ GemvParams p, const float *a, const void *b,
                                                 const float *c, const void *other, float *dst) {
  __shared__ __align__(16) float staged[kStaged];
  const uint32_t lane = threadIdx.x % 32, column = blockIdx.x * kWarps + threadIdx.x / 32, row = blockIdx.y;
  // The first weights are on their way to the second-level cache before the row can be read.
  const uint32_t ahead = threadIdx.x % 32 * 128 / (p.half ? 2 : 4);
  if (column < p.n && ahead < p.depth) {
    asm volatile("prefetch.global.L2 [%0];" ::"l"(static_cast<const char *>(b) +
                                                  (size_t{column} * p.depth + ahead) * (p.half ? 2 : 4)));
  }
  wait_for_previous_step();
  float sum = 0;
  for (uint32_t first = 0; first < p.depth; first += kStaged) {
    const uint32_t length = min(kStaged, p.depth - first);
    __syncthreads();
    for (uint32_t i = threadIdx.x; i < length; i += kThreads) {
      staged[i] = first + i < p.k ? a[size_t{row} * p.k + first + i] : 0.0f;
    }
    __syncthreads();
    if (column >= p.n) continue;
    const size_t chunk = (size_t{column} * p.depth + first) / kGemvChunk;
#pragma unroll 4
    for (uint32_t i = lane; i < length / kGemvChunk; i += 32) {
      float w[kGemvChunk], x[kGemvChunk];
      load_lanes(b, p.half, chunk + i, w);
      load_lanes(staged, false, i, x);
#pragma unroll
      for (uint32_t k = 0; k < kGemvChunk; ++k) sum += x[k] * w[k];
    }
  }
#pragma unroll
  for (int other_lane = 16; other_lane > 0; other_lane /= 2) sum += __shfl_xor_sync(0xFFFFFFFFu, sum, other_lane);
  if (lane == 0 && column < p.n) dst[size_t{row} * p.n + column] = p.finish(sum, c, other, row, column);
}

}  // namespace

const char *launch_gemv(const StepArgs &args, cudaStream_t stream) {
  const auto &p = args.params_as<GemvParams>();
  const cudaError_t wrong =
      launch_early(gemv, dim3((p.n + kWarps - 1) / kWarps, p.m), kThreads, 0, stream, p,
                   static_cast<const float *>(args.src[p.source]), static_cast<const void *>(args.weights),
                   reinterpret_cast<const float *>(args.weights + p.c_offset),
                   p.epilogue.binary ? args.src[p.epilogue.other] : nullptr, static_cast<float *>(args.dst));
  return wrong == cudaSuccess ? nullptr : cudaGetErrorString(wrong);
}

}  // namespace stretto::kernels::cuda
