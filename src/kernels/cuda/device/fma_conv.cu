// Convolutions in f32 without tensor cores. A warp is 4 × 8 threads; each has every fourth row and every eighth column
// of the warp's part, so that what a warp reads of shared memory at once lies in different banks or is the same.
#include "kernels/cuda/device/real_core.h"

namespace stretto::kernels::cuda {
namespace {

struct FmaCore : RealCore {
  template <int kRows, int kColumns>
  struct Tile {
    static constexpr int kDown = kRows / 4, kAcross = kColumns / 8;
    float sums[kDown][kAcross] = {};

    __device__ __forceinline__ void multiply(const unsigned char *a_rows, const unsigned char *b_rows, uint32_t row0,
                                             uint32_t column0) {
      const uint32_t lane = threadIdx.x & 31;
      row0 += lane >> 3;
      column0 += lane & 7;
#pragma unroll
      for (uint32_t chunk = 0; chunk < kMmaChunks; ++chunk) {
        float4 b[kAcross];
#pragma unroll
        for (int j = 0; j < kAcross; ++j) {
          b[j] = *reinterpret_cast<const float4 *>(b_rows + mma_shared(column0 + j * 8, chunk));
        }
#pragma unroll
        for (int i = 0; i < kDown; ++i) {
          const float4 a = *reinterpret_cast<const float4 *>(a_rows + mma_shared(row0 + i * 4, chunk));
#pragma unroll
          for (int j = 0; j < kAcross; ++j) {
            sums[i][j] = fmaf(a.x, b[j].x, sums[i][j]);
            sums[i][j] = fmaf(a.y, b[j].y, sums[i][j]);
            sums[i][j] = fmaf(a.z, b[j].z, sums[i][j]);
            sums[i][j] = fmaf(a.w, b[j].w, sums[i][j]);
          }
        }
      }
    }

    __device__ __forceinline__ void spread(float *to, int stride) const {
      const uint32_t lane = threadIdx.x & 31;
      to += (lane >> 3) * stride + (lane & 7);
#pragma unroll
      for (int i = 0; i < kDown; ++i) {
#pragma unroll
        for (int j = 0; j < kAcross; ++j) to[i * 4 * stride + j * 8] = sums[i][j];
      }
    }
  };
};

}  // namespace

const char *launch_fma_conv(const StepArgs &args, cudaStream_t stream) {
  const auto &p = args.params_as<MmaConvParams>();
  const RealPointers at = real_pointers(p, args);
  cudaError_t wrong = launch_tiles<FmaCore>(p, at, stream);
  if (wrong == cudaSuccess && p.splits > 1) wrong = launch_sum(p, at, stream);
  return wrong == cudaSuccess ? nullptr : cudaGetErrorString(wrong);
}

}  // namespace stretto::kernels::cuda
