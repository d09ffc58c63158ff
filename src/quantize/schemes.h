// Schemes: how a range of real numbers becomes a scale and a zero point, and numbers become integers by them.
//
// Everywhere real = (q − zero) · scale, ONNX's convention. The thesis (section 2.3.2) writes the same mapping with the
// inverse scale and the zero point of other sign, both against the lowest integer:
//   s_X = 1 / scale,   z_X = lowest − zero,   Q_X = q − lowest
// so its (2.6) Q_X = round(X · s_X − z_X) is q = round(X / scale) + zero, and its (2.7) X ≈ (Q_X + z_X) / s_X is
// X ≈ (q − zero) · scale. Rounding is to nearest, ties to even, as IEEE's rint.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"

namespace stretto::quantize {

/// Persisted by name in recipes.
enum class Scheme : uint8_t {
  affine,          // (2.4), (2.5): the range, with zero in it, onto 0 … 2^n − 1; real zero is an integer exactly
  symmetric_full,  // (2.10): max|X| onto −2^(n−1) … 2^(n−1) − 1, zero point 0; +max|X| itself is clipped (2.1)
  symmetric_restricted,  // (2.11): max|X| onto −(2^(n−1) − 1) … 2^(n−1) − 1, zero point 0
  one_sided,             // numbers ≥ 0 onto 0 … 2^n − 1, zero point 0: a symmetric scheme in unsigned integers
};

/// A closed range of real numbers, low ≤ high, both finite.
struct Range {
  float low = 0, high = 0;
  bool operator==(const Range&) const = default;
};

/// real = (q − zero) · scale for lowest ≤ q ≤ highest.
struct Mapping {
  float scale = 1;
  int32_t zero = 0;
  int32_t lowest = 0, highest = 255;
  bool operator==(const Mapping&) const = default;
};

/// The scale of a range of zero width: nothing but zero occurs, and any scale represents it exactly.
inline constexpr float kScaleOfNothing = 1;
/// No scale is smaller: products and quotients of three scales stay normal floats.
inline constexpr float kSmallestScale = 0x1p-40f;
inline constexpr float kLargestScale = 0x1p+40f;

/// A scale that a mapping may have.
inline bool is_scale(float scale) {
  return scale >= kSmallestScale && scale <= kLargestScale;
}

/// The mapping of a range by (2.4), (2.10) or (2.11) with `bits` from 2 to 8. Zero is always taken into the range.
/// Fails on ranges that are not finite, reversed, or too wide; `one_sided` also on a negative low.
Result<Mapping> fit(Scheme scheme, Range range, int bits = 8);

/// The same mapping on unsigned integers: every number and the zero point are moved up by 2^(n−1) if signed.
/// A tensor of u8 that holds symmetric numbers has zero point 128.
Mapping to_unsigned(Mapping mapping, int bits = 8);

/// (2.6), (2.12): saturate(rint(x / scale) + zero), one IEEE division of f32. NaN gives the zero point.
int32_t to_integer(float x, const Mapping& mapping);
/// (2.7), (2.13): float(q − zero) · scale, one multiplication of f32.
float to_real(int32_t q, const Mapping& mapping);

/// One scale a slice along `axis` of f32 weights, by a symmetric scheme: slice c is all elements with index c there.
/// A slice of zeros has kScaleOfNothing. Fails on NaN and infinities.
Result<std::vector<float>> channel_scales(const Tensor& weights, int axis, Scheme scheme, int bits = 8);

/// Weights as i8, slice c along `axis` divided by scales[c], rounded and clipped to `lowest` … `highest`.
/// Precondition: as many scales as slices.
Tensor to_integers(const Tensor& weights, int axis, std::span<const float> scales, int32_t lowest = -127,
                   int32_t highest = 127);

}  // namespace stretto::quantize
