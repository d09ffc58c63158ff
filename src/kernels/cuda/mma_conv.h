// Convolutions of reals by kernels/cuda/tile.h: on tensor cores in f16 or tf32, or in f32 without them. The bias lies
// behind the weights, rounded up to eights; sums are f32.
#pragma once

#include "kernels/cuda/chunk.h"
#include "kernels/cuda/tile.h"

namespace stretto::kernels::cuda {

struct MmaConvParams : MmaGeometry {
  bool out_half, has_bias;
  EpilogueParams epilogue;
};

/// What becomes of the sums of eight columns from `column` on.
STRETTO_BOTH inline void mma_finish(const MmaConvParams &p, float (&v)[kLanes], const float *bias, const void *other,
                                    uint32_t row, uint32_t column) {
  if (p.has_bias) {
    float b[kLanes];
    load_lanes(bias, false, column / kLanes, b);
    for (uint32_t k = 0; k < kLanes; ++k) v[k] += b[k];
  }
  p.epilogue.apply_lanes(v, other, (size_t{row} * p.stored_columns + column) / kLanes);
  for (uint32_t k = 0; k < kLanes; ++k) v[k] = column + k < p.columns ? v[k] : 0.0f;
}

/// The second kernel of a split depth: eight columns a thread.
struct MmaSumLanes {
  using Params = MmaConvParams;
  MmaConvParams p;
  const float *parts;
  const float *bias;
  const void *other;
  void *dst;

  uint32_t count() const { return p.rows * p.stored_columns / kLanes; }
  STRETTO_BOTH void operator()(uint32_t i) const {
    float sum[kLanes] = {}, v[kLanes];
    for (uint32_t part = 0; part < p.splits; ++part) {
      load_lanes(parts, false, size_t{part} * p.rows * p.stored_columns / kLanes + i, v);
      for (uint32_t k = 0; k < kLanes; ++k) sum[k] += v[k];
    }
    const uint32_t across = p.stored_columns / kLanes, row = i / across;
    mma_finish(p, sum, bias, other, row, (i - row * across) * kLanes);
    store_lanes(dst, p.out_half, i, sum);
  }
};

}  // namespace stretto::kernels::cuda
