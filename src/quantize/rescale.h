// Rescaling an integer sum: the factor s_src · s_weights / s_dst of (2.9) and (2.15), in floating point or in integers.
//
// The two are classes of numerics of their own: each is exact and the same everywhere, but they round differently.
// Plans use the first (the operator `requantize`); the second is for targets that have no floating point.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace stretto::quantize {

/// zero + rint(clamp(float(sum) · factor, lowest − zero, highest − zero)): each step one operation of f32, ties to
/// even; a product that is no number gives `lowest`.
int32_t rescale_float(int32_t sum, float factor, int32_t zero, int32_t lowest, int32_t highest);

/// factor ≈ multiplier · 2^−shift, with 31 significant bits: 2^30 ≤ multiplier < 2^31, or 0; 1 ≤ shift ≤ 62.
struct FixedFactor {
  int32_t multiplier = 0;
  int shift = 1;
  bool operator==(const FixedFactor&) const = default;
};

/// The nearest fixed-point factor. A factor below 2^−32 is 0: no sum of 32 bits reaches a half by it. Fails unless
/// 0 ≤ factor < 2^30.
Result<FixedFactor> fixed_factor(double factor);

/// The thesis's "multiplying by an integer and then right-shifting" (section 2.3.2, after (2.9)):
/// saturate(zero + floor((sum · multiplier + 2^(shift−1)) / 2^shift)) in 64 bits: to nearest, ties upwards.
int32_t rescale_fixed(int32_t sum, FixedFactor factor, int32_t zero, int32_t lowest, int32_t highest);

}  // namespace stretto::quantize
