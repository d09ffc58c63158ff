// Inside the .cu files: what cores of reals share: their pointers and what becomes of eight sums.
#pragma once

#include "kernels/cuda/device/launches.h"
#include "kernels/cuda/device/tile_conv.h"
#include "kernels/cuda/mma_conv.h"

namespace stretto::kernels::cuda {

struct RealPointers {
  const char *src;
  const char *weights;
  const char *outside;
  const float *bias;
  const void *other;
  void *dst;
  float *parts;
};

struct RealCore {
  using Params = MmaConvParams;
  using At = RealPointers;
  using Sum = float;
  static constexpr bool kFillsOutside = false;

  __device__ __forceinline__ static void store(const Params &p, const At &at, float (&v)[kLanes], uint32_t row,
                                               uint32_t column) {
    mma_finish(p, v, at.bias, at.other, row, column);
    store_lanes(at.dst, p.out_half, (size_t{row} * p.stored_columns + column) / kLanes, v);
  }
};

inline RealPointers real_pointers(const MmaConvParams &p, const StepArgs &args) {
  const size_t weights = (p.weights_bytes() + 63) / 64 * 64;
  return {static_cast<const char *>(args.src[p.source]),
          reinterpret_cast<const char *>(args.weights),
          nullptr,
          reinterpret_cast<const float *>(args.weights + weights),
          p.epilogue.binary ? args.src[p.epilogue.other] : nullptr,
          args.dst,
          reinterpret_cast<float *>(args.scratch)};
}

/// After the parts of a split depth.
inline cudaError_t launch_sum(const MmaConvParams &p, const RealPointers &at, cudaStream_t stream) {
  return launch_elements_of(MmaSumLanes{p, at.parts, at.bias, at.other, at.dst}, stream);
}

}  // namespace stretto::kernels::cuda
