// The kernel of hopper/stem.h. Blocks take tiles in turn; pixels of the next tile's patch come into registers while
// this one is computed.
#include <algorithm>

#include "device/task.h"
#include "kernels/cuda/device/launches.h"
#include "kernels/cuda/hopper/device/instance.h"
#include "kernels/cuda/hopper/device/ptx.cuh"
#include "kernels/cuda/hopper/stem.h"

namespace stretto::kernels::cuda {
namespace hopper {
namespace {

constexpr int kThreads = 256, kMostBlocks = 264;
constexpr int kPixels = kStemConvH * kStemConvW, kPatchPixels = kStemPatchH * kStemPatchW;
constexpr int kPixelsEach = (kPatchPixels + kThreads - 1) / kThreads;                 // of the patch, a thread
constexpr int kPatchRow = kStemPatchW * 8;                                            // bytes
constexpr int kWeightPitch = kStemDepth * 2 + 16, kOutPitch = kStemColumns * 2 + 16;  // without bank conflicts
constexpr int kWeightsAt = (kPatchPixels * 8 + 127) / 128 * 128, kOutAt = kWeightsAt + kStemColumns * kWeightPitch;
constexpr int kBytes = kOutAt + 128 * kOutPitch;
static_assert(kPixels <= 128);

__global__ void __launch_bounds__(kThreads, 2)
    stem(const __grid_constant__ StemParams p, const float *src, const std::byte *weights, __half *dst) {
  extern __shared__ __align__(1024) uint8_t shared[];
  const uint32_t base = shared_address(shared);
  const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
  constexpr int kChunks = kStemDepth * 2 / 16;  // of a column of weights
  for (int i = thread; i < kStemColumns * kChunks; i += kThreads) {
    copy_async(base + kWeightsAt + i / kChunks * kWeightPitch + i % kChunks * 16, weights + i * 16, true);
  }
  commit_copies();
  const int warp_row = (warp >> 1) * 32, warp_column = (warp & 1) * 32;
  uint32_t a_row[2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int m = min(warp_row + i * 16 + (lane & 15), kPixels - 1);
    a_row[i] = base + m / kStemConvW * 2 * kPatchRow + m % kStemConvW * 16 + (lane >> 4) * 16;
  }
  const uint32_t b_row =
      base + kWeightsAt + (warp_column + (lane & 7) + ((lane >> 4) << 3)) * kWeightPitch + ((lane >> 3) & 1) * 16;
  float2 bias[4];
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    const auto *from = reinterpret_cast<const float *>(weights + kStemWeightsBytes);
    bias[j] = __ldg(reinterpret_cast<const float2 *>(from + warp_column + j * 8 + (lane & 3) * 2));
  }

  float pixels[kPixelsEach][4];
  const int plane = p.in_h * p.in_w;
  const auto load_pixels = [&](int tile) {
    const StemPlace at = stem_place(p, tile);
#pragma unroll
    for (int j = 0; j < kPixelsEach; ++j) {
      const int i = thread + j * kThreads;
      const int from = i < kPatchPixels ? stem_source(p, at, i / kStemPatchW, i % kStemPatchW) : -1;
#pragma unroll
      for (int c = 0; c < 4; ++c) pixels[j][c] = from >= 0 && c < p.in_c ? __ldcg(src + from + c * plane) : 0.0f;
    }
  };
  const auto store_pixels = [&] {
#pragma unroll
    for (int j = 0; j < kPixelsEach; ++j) {
      const int i = thread + j * kThreads;
      const __half2 low = __floats2half2_rn(pixels[j][0], pixels[j][1]);
      const __half2 high = __floats2half2_rn(pixels[j][2], pixels[j][3]);
      const uint2 bits = {reinterpret_cast<const uint32_t &>(low), reinterpret_cast<const uint32_t &>(high)};
      if (i < kPatchPixels) store_shared_pair(base + i * 8, bits);
    }
  };

  wait_for_previous();
  load_pixels(blockIdx.x);
  launch_dependents();
  wait_for_copies<0>();
  const Bounds bounds{0, p.high};
  for (int tile = blockIdx.x; tile < p.tiles(); tile += gridDim.x) {
    store_pixels();
    __syncthreads();
    if (tile + static_cast<int>(gridDim.x) < p.tiles()) load_pixels(tile + gridDim.x);
    const StemPlace at = stem_place(p, tile);
    float sums[2][4][4] = {};
#pragma unroll
    for (int step = 0; step < kStemDepth / 16; ++step) {
      uint32_t a[2][4], b[2][4];
#pragma unroll
      for (int i = 0; i < 2; ++i) load_matrices(a_row[i] + (step >> 1) * kPatchRow + (step & 1) * 32, a[i]);
#pragma unroll
      for (int j = 0; j < 2; ++j) load_matrices(b_row + j * 16 * kWeightPitch + step * 32, b[j]);
#pragma unroll
      for (int i = 0; i < 2; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) multiply(sums[i][j], a[i], b[j >> 1][(j & 1) * 2], b[j >> 1][(j & 1) * 2 + 1]);
      }
    }
#pragma unroll
    for (int i = 0; i < 2; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int m = warp_row + i * 16 + half * 8 + (lane >> 2);
        // Outside counts as zero: every window holds a pixel inside, and none is below zero.
        const bool inside = stem_is_inside(p, at, m);
        uint8_t *to = shared + kOutAt + m * kOutPitch + (warp_column + (lane & 3) * 2) * 2;
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          const float x = bounds.keep(sums[i][j][half * 2] + bias[j].x);
          const float y = bounds.keep(sums[i][j][half * 2 + 1] + bias[j].y);
          *reinterpret_cast<__half2 *>(to + j * 16) = inside ? __floats2half2_rn(x, y) : __floats2half2_rn(0, 0);
        }
      }
    }
    __syncthreads();
    const int q = thread >> 3, chunk = thread & 7;  // a pixel of the result, eight channels of it
    const int y = at.y + q / kStemPoolW, x = at.x + q % kStemPoolW;
    if (q >= kStemPoolH * kStemPoolW || y >= p.pool_h || x >= p.pool_w) continue;
    uint4 best = make_uint4(0, 0, 0, 0);
    auto *of_best = reinterpret_cast<__half2 *>(&best);
#pragma unroll
    for (int w = 0; w < 9; ++w) {
      const int m = (q / kStemPoolW * 2 + w / 3) * kStemConvW + q % kStemPoolW * 2 + w % 3;
      const uint4 v = *reinterpret_cast<const uint4 *>(shared + kOutAt + m * kOutPitch + chunk * 16);
      const auto *of_v = reinterpret_cast<const __half2 *>(&v);
#pragma unroll
      for (int j = 0; j < 4; ++j) of_best[j] = __hmax2(of_best[j], of_v[j]);
    }
    const size_t to = (static_cast<size_t>(at.image * p.pool_h + y) * p.pool_w + x) * kStemColumns + chunk * 8;
    *reinterpret_cast<uint4 *>(dst + to) = best;
  }
}

}  // namespace
}  // namespace hopper

const char *launch_hopper_stem(const StepArgs &args, cudaStream_t stream) {
  using namespace hopper;
  StemParams p = args.params_as<StemParams>();
  const auto *src = static_cast<const float *>(args.src[0]);
  const std::byte *weights = args.weights;
  auto *dst = static_cast<__half *>(args.dst);
  void *arguments[] = {&p, &src, &weights, &dst};
  const Instance instance{reinterpret_cast<const void *>(&stem), kThreads, kBytes, kBytes};
  const auto blocks = static_cast<unsigned>(std::min(p.tiles(), kMostBlocks));
  const cudaError_t wrong = launch(instance, blocks, 1, arguments, stream);
  return wrong == cudaSuccess ? nullptr : cudaGetErrorString(wrong);
}

}  // namespace stretto::kernels::cuda
