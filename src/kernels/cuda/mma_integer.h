// Integer products on tensor cores by kernels/cuda/tile.h: u8 times i8, sums in i32, exact in every order.
//
// What lies outside the image holds the source's zero point, so that zero · Σ weights, the same for all pixels, is
// taken off once, with the bias.
#pragma once

#include <cstring>

#include "kernels/cuda/rescale.h"
#include "kernels/cuda/tile.h"

namespace stretto::kernels::cuda {

inline constexpr uint32_t kIntegerLanes = 8;  // columns that a thread finishes at a time

/// Packed: weights in i8, at `bias` the bias less zero · Σ weights in i32, at `outside` a chunk of the zero point, then
/// what the rescaling reads.
struct MmaIntegerParams : MmaGeometry {
  uint64_t bias, outside;
  RescaleParams rescale;
};

/// Eight bytes to where a GPU has them aligned to words, and the host, in its imitation, may not.
STRETTO_BOTH inline void store_words(uint8_t *to, uint32_t low, uint32_t high) {
#if defined(__CUDA_ARCH__)
  reinterpret_cast<uint32_t *>(to)[0] = low;
  reinterpret_cast<uint32_t *>(to)[1] = high;
#else
  std::memcpy(to, &low, sizeof low);
  std::memcpy(to + sizeof low, &high, sizeof high);
#endif
}

/// Stores what becomes of the sums of eight columns from `column` on.
STRETTO_BOTH inline void finish_integers(const MmaIntegerParams &p, const int32_t (&v)[kIntegerLanes],
                                         const int32_t *bias, const Rescale &rescale, uint32_t row, uint32_t column) {
  const uint32_t at = row * p.stored_columns + column;
  uint32_t bits[kIntegerLanes];
  for (uint32_t k = 0; k < kIntegerLanes; ++k) {
    const auto sum = static_cast<int32_t>(static_cast<uint32_t>(v[k]) + static_cast<uint32_t>(bias[column + k]));
    bits[k] = column + k < p.columns ? rescale.becomes(sum, column + k, at + k) : 0;
  }
  if (size_of(p.rescale.out) == 1) {
    store_words(static_cast<uint8_t *>(rescale.dst) + at, bits[0] | bits[1] << 8 | bits[2] << 16 | bits[3] << 24,
                bits[4] | bits[5] << 8 | bits[6] << 16 | bits[7] << 24);
  } else {
    for (uint32_t k = 0; k < kIntegerLanes; ++k) static_cast<uint32_t *>(rescale.dst)[at + k] = bits[k];
  }
}

/// The second kernel of a split depth: eight columns a thread.
struct MmaIntegerSum {
  using Params = MmaIntegerParams;
  MmaIntegerParams p;
  const int32_t *parts;
  const int32_t *bias;
  Rescale rescale;

  uint32_t count() const { return p.rows * p.stored_columns / kIntegerLanes; }
  STRETTO_BOTH void operator()(uint32_t i) const {
    int32_t sum[kIntegerLanes] = {};
    for (uint32_t part = 0; part < p.splits; ++part) {
      const int32_t *from = parts + size_t{part} * p.rows * p.stored_columns + size_t{i} * kIntegerLanes;
      for (uint32_t k = 0; k < kIntegerLanes; ++k) sum[k] += from[k];
    }
    const uint32_t across = p.stored_columns / kIntegerLanes, row = i / across;
    finish_integers(p, sum, bias, rescale, row, (i - row * across) * kIntegerLanes);
  }
};

}  // namespace stretto::kernels::cuda
