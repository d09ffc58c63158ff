// The arithmetic of quantised values, defined once: what ref computes and every kernel reproduces to the bit.
//
// Each step is one IEEE f32 operation in the order written here. Whoever compiles this for an instruction set with FMA
// must forbid contraction (-ffp-contract=off).
#pragma once

#include <cmath>
#include <cstdint>

#include "base/dtype.h"

namespace stretto::op {

/// Products that an integer sum may have: |src − zero| ≤ 255, |weight| ≤ 128.
inline constexpr int64_t kMaxTerms = ((int64_t{1} << 31) - 1) / (255 * 128);

constexpr int32_t lowest_of(DType byte) {
  return byte == DType::u8 ? 0 : -128;
}
constexpr int32_t highest_of(DType byte) {
  return byte == DType::u8 ? 255 : 127;
}

/// zero + t rounded to even, within [low, high]; not-a-number gives `low`.
inline int32_t round_to_integer(float t, int32_t zero, int32_t low, int32_t high) {
  const auto least = static_cast<float>(low - zero), most = static_cast<float>(high - zero);
  float clamped = t > least ? t : least;
  clamped = clamped < most ? clamped : most;
  return zero + static_cast<int32_t>(std::nearbyint(clamped));
}

inline int32_t quantize(float x, float scale, int32_t zero, DType to) {
  return std::isnan(x) ? zero : round_to_integer(x / scale, zero, lowest_of(to), highest_of(to));
}

/// `difference` is an integer minus its zero point.
inline float dequantize(int32_t difference, float scale) {
  return static_cast<float>(difference) * scale;
}

/// A leaky ReLU before rounding. With a slope from 0 to 1 this is max(t · slope, t), the second where either is not a
/// number, but for ∞ · 0, which rounds to the same integer.
inline float slope_down(float t, float slope) {
  return t < 0 ? t * slope : t;
}

/// sum / count rounded to even.
inline int64_t rounded_mean(int64_t sum, int64_t count) {
  return static_cast<int64_t>(std::nearbyint(static_cast<double>(sum) / static_cast<double>(count)));
}

}  // namespace stretto::op
