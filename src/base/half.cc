#include "base/half.h"

#include <bit>
#include <cmath>

namespace stretto {
namespace {

/// Rounds a finite value to `mantissa` bits after the leading one, with exponents no lower than `least_exponent`.
double round_to(double value, int mantissa, int least_exponent) {
  int exponent = 0;
  std::frexp(value, &exponent);
  int quantum = (exponent - 1 < least_exponent ? least_exponent : exponent - 1) - mantissa;
  return std::ldexp(std::nearbyint(std::ldexp(value, -quantum)), quantum);
}

}  // namespace

double f16_to_double(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = exponent == 31  ? (fraction != 0 ? NAN : INFINITY)
                 : exponent == 0 ? std::ldexp(fraction, -24)
                                 : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -value : value;
}

uint16_t f16_from_double(double value) {
  auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
  if (std::isnan(value)) return static_cast<uint16_t>(sign | 0x7e00);
  double size = std::fabs(value);
  if (std::isfinite(size)) size = round_to(size, 10, -14);
  if (size > 65504) return static_cast<uint16_t>(sign | 0x7c00);
  if (size < 0x1p-14) return static_cast<uint16_t>(sign | static_cast<int>(std::ldexp(size, 24)));
  int exponent = 0;
  double fraction = std::frexp(size, &exponent);  // in [1/2, 1)
  int mantissa = static_cast<int>(std::ldexp(fraction, 11)) - 1024;
  return static_cast<uint16_t>(sign | (exponent + 14) << 10 | mantissa);
}

uint16_t f16_from_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t size = bits & 0x7fffffff;
  // Normal in f16, or beyond it: rounding may carry into the exponent, up to infinity.
  if (size >= 0x38800000 && size < 0x47800000) {
    const uint32_t rounded = size + 0xfff + (size >> 13 & 1);
    return static_cast<uint16_t>((bits >> 16 & 0x8000) | (rounded - 0x38000000) >> 13);
  }
  return f16_from_double(value);
}

float f16_to_float(uint16_t bits) {
  const uint32_t size = bits & 0x7fff;
  // Normal numbers: the exponent's bias differs, and there are 13 more bits of mantissa.
  if (size >= 0x0400 && size < 0x7c00) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits & 0x8000) << 16 | ((size << 13) + 0x38000000));
  }
  return static_cast<float>(f16_to_double(bits));
}

double bf16_to_double(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t bf16_from_double(double value) {
  if (std::isnan(value)) return static_cast<uint16_t>(std::signbit(value) ? 0xffc0 : 0x7fc0);
  if (std::isfinite(value)) value = round_to(value, 7, -126);
  return static_cast<uint16_t>(std::bit_cast<uint32_t>(static_cast<float>(value)) >> 16);
}

}  // namespace stretto
