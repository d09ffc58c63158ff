// What Map computes of one, two or three elements, for the oracle and every kernel alike: real numbers in double, which
// the caller rounds; integers as int64 (u64 as its bits).
#pragma once

#include <cmath>
#include <cstdint>

#include "op/attrs.h"

namespace stretto::op {

/// Kinds whose results are booleans.
constexpr bool is_predicate(MapKind kind) {
  return kind == MapKind::is_nan || kind == MapKind::is_inf ||
         (kind >= MapKind::equal && kind <= MapKind::less_or_equal);
}

/// ln(1 + e^x), without overflow.
inline double softplus(double x) {
  return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x)));
}

/// Kinds up to gelu_tanh.
inline double map_real(const Map& f, double x) {
  constexpr double kRootHalf = 0.70710678118654752440, kRootTwoOverPi = 0.79788456080286535588;
  switch (f.kind) {
    case MapKind::log:
      return std::log(x);
    case MapKind::erf:
      return std::erf(x);
    case MapKind::sin:
      return std::sin(x);
    case MapKind::cos:
      return std::cos(x);
    case MapKind::tan:
      return std::tan(x);
    case MapKind::asin:
      return std::asin(x);
    case MapKind::acos:
      return std::acos(x);
    case MapKind::atan:
      return std::atan(x);
    case MapKind::sinh:
      return std::sinh(x);
    case MapKind::cosh:
      return std::cosh(x);
    case MapKind::asinh:
      return std::asinh(x);
    case MapKind::acosh:
      return std::acosh(x);
    case MapKind::atanh:
      return std::atanh(x);
    case MapKind::floor:
      return std::floor(x);
    case MapKind::ceil:
      return std::ceil(x);
    case MapKind::round:
      return std::nearbyint(x);
    case MapKind::sign:
      return x > 0 ? 1 : x < 0 ? -1 : x;
    case MapKind::elu:
      return x < 0 ? static_cast<double>(f.a) * std::expm1(x) : x;
    case MapKind::softplus:
      return softplus(x);
    case MapKind::mish:
      return x * std::tanh(softplus(x));
    case MapKind::gelu:
      return 0.5 * x * (1 + std::erf(x * kRootHalf));
    case MapKind::gelu_tanh:
      return 0.5 * x * (1 + std::tanh(kRootTwoOverPi * (x + 0.044715 * x * x * x)));
    default:
      return x;
  }
}

/// is_nan and is_inf.
inline bool map_test(const Map& f, double x) {
  if (f.kind == MapKind::is_nan) return std::isnan(x);
  return std::isinf(x) && (x > 0 ? f.a != 0 : f.b != 0);
}

/// equal, less and less_or_equal.
template <class T>
bool map_compare(MapKind kind, T x, T y) {
  return kind == MapKind::equal ? x == y : kind == MapKind::less ? x < y : x <= y;
}

/// mod and remainder.
inline double map_modulo(MapKind kind, double x, double y) {
  const double rest = std::fmod(x, y);
  return kind == MapKind::mod && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

/// Kinds from bit_not to shift_right but the comparisons; `bits` wide, unsigned or not. The caller wraps the result.
inline int64_t map_integer(MapKind kind, int64_t x, int64_t y, bool is_unsigned, int bits) {
  const auto ux = static_cast<uint64_t>(x), uy = static_cast<uint64_t>(y);
  switch (kind) {
    case MapKind::bit_not:
      return static_cast<int64_t>(~ux);
    case MapKind::mod:
    case MapKind::remainder: {
      if (y == 0) return 0;
      if (is_unsigned) return static_cast<int64_t>(ux % uy);
      if (y == -1) return 0;
      const int64_t rest = x % y;
      return kind == MapKind::mod && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
    }
    case MapKind::bit_and:
      return static_cast<int64_t>(ux & uy);
    case MapKind::bit_or:
      return static_cast<int64_t>(ux | uy);
    case MapKind::bit_xor:
      return static_cast<int64_t>(ux ^ uy);
    case MapKind::shift_left:
      return uy >= static_cast<uint64_t>(bits) ? 0 : static_cast<int64_t>(ux << uy);
    case MapKind::shift_right:
      return uy >= static_cast<uint64_t>(bits) ? 0 : static_cast<int64_t>(ux >> uy);
    default:
      return x;
  }
}

/// u8, u16, u32 and u64; booleans compare alike either way.
constexpr bool is_unsigned(DType type) {
  return type == DType::u8 || type == DType::u16 || type == DType::u32 || type == DType::u64;
}

}  // namespace stretto::op
