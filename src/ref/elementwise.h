// Inside ref/: operators that work element by element or along one axis.
//
// Everywhere in ref/, `R` reads elements of inputs: real(input, linear), integer(input, linear) and get<V>.
#pragma once

#include <cmath>
#include <limits>

#include "op/broadcast.h"
#include "ref/indexing.h"
#include "ref/values.h"

namespace stretto::ref {

inline double apply(const op::Unary& a, double x) {
  switch (a.kind) {
    case op::UnaryKind::relu:
      return x < 0 ? 0 : x;
    case op::UnaryKind::leaky_relu:
      return x < 0 ? a.a * x : x;
    case op::UnaryKind::clip: {
      double low = x < a.a ? a.a : x;
      return low > a.b ? a.b : low;
    }
    case op::UnaryKind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case op::UnaryKind::hard_sigmoid: {
      double y = static_cast<double>(a.a) * x + a.b;
      return y < 0 ? 0 : y > 1 ? 1 : y;
    }
    case op::UnaryKind::hard_swish: {
      double y = x / 6 + 0.5;
      return x * (y < 0 ? 0 : y > 1 ? 1 : y);
    }
    case op::UnaryKind::swish:
      return x / (1 + std::exp(-x));
    case op::UnaryKind::tanh:
      return std::tanh(x);
    case op::UnaryKind::exp:
      return std::exp(x);
    case op::UnaryKind::sqrt:
      return std::sqrt(x);
    case op::UnaryKind::neg:
      return -x;
    case op::UnaryKind::abs:
      return std::fabs(x);
    case op::UnaryKind::reciprocal:
      return 1 / x;
    case op::UnaryKind::linear:
      return static_cast<double>(a.a) * x + a.b;
  }
  return x;
}

inline int64_t negate(int64_t x) {
  return static_cast<int64_t>(-static_cast<uint64_t>(x));
}

inline int64_t apply(const op::Unary& a, int64_t x) {
  switch (a.kind) {
    case op::UnaryKind::relu:
      return x < 0 ? 0 : x;
    case op::UnaryKind::clip:
      return std::min(std::max(x, to_integer(a.a)), to_integer(a.b));
    case op::UnaryKind::neg:
      return negate(x);
    case op::UnaryKind::abs:
      return x < 0 ? negate(x) : x;
    default:
      return x;  // op::infer admits no other kind
  }
}

inline double apply(const op::Binary& a, double x, double y) {
  switch (a.kind) {
    case op::BinaryKind::add:
      return x + y;
    case op::BinaryKind::sub:
      return x - y;
    case op::BinaryKind::mul:
      return x * y;
    case op::BinaryKind::div:
      return x / y;
    case op::BinaryKind::pow:
      return std::pow(x, y);
    case op::BinaryKind::min:
      return std::isnan(y) || y < x ? y : x;
    case op::BinaryKind::max:
      return std::isnan(y) || y > x ? y : x;
    case op::BinaryKind::prelu:
      return x < 0 ? y * x : x;
  }
  return x;
}

/// x to the power y modulo 2^64; a negative power of anything but ±1 truncates to 0.
inline int64_t integer_power(int64_t x, int64_t y) {
  if (y < 0) return x == 1 ? 1 : x == -1 ? (y % 2 == 0 ? 1 : -1) : 0;
  uint64_t result = 1, base = static_cast<uint64_t>(x);
  for (; y > 0; y >>= 1, base *= base) {
    if (y & 1) result *= base;
  }
  return static_cast<int64_t>(result);
}

/// Arithmetic wraps; division truncates, and by zero gives 0.
inline int64_t apply(const op::Binary& a, int64_t x, int64_t y) {
  auto ux = static_cast<uint64_t>(x), uy = static_cast<uint64_t>(y);
  switch (a.kind) {
    case op::BinaryKind::add:
      return static_cast<int64_t>(ux + uy);
    case op::BinaryKind::sub:
      return static_cast<int64_t>(ux - uy);
    case op::BinaryKind::mul:
      return static_cast<int64_t>(ux * uy);
    case op::BinaryKind::div:
      return y == 0 ? 0 : y == -1 ? negate(x) : x / y;
    case op::BinaryKind::pow:
      return integer_power(x, y);
    case op::BinaryKind::min:
      return std::min(x, y);
    case op::BinaryKind::max:
      return std::max(x, y);
    case op::BinaryKind::prelu:
      return x < 0 ? static_cast<int64_t>(ux * uy) : x;
  }
  return x;
}

template <class V, class R>
V compute(const op::Unary& a, const Types&, const R& read, int64_t linear) {
  return apply(a, read.template get<V>(0, linear));
}

template <class V, class R>
V compute(const op::Binary& a, const Types& t, const R& read, int64_t linear) {
  Dims index = unravel(linear, t.out.shape);
  int64_t at[2] = {0, 0};
  for (int k = 0; k < 2; ++k) {
    Dims strides = op::broadcast_strides(t.shape(k), t.out.shape);
    for (int i = 0; i < index.size(); ++i) at[k] += index[i] * strides[i];
  }
  return apply(a, read.template get<V>(0, at[0]), read.template get<V>(1, at[1]));
}

template <class V, class R>
V compute(const op::BatchNorm& a, const Types& t, const R& read, int64_t linear) {
  const Shape& shape = t.out.shape;
  int64_t c = linear / product(shape, 2, shape.size()) % shape[1];
  double scale = read.real(1, c), bias = read.real(2, c), mean = read.real(3, c), variance = read.real(4, c);
  return (read.real(0, linear) - mean) / std::sqrt(variance + static_cast<double>(a.epsilon)) * scale + bias;
}

/// The line of elements along one axis that an element lies on.
struct Line {
  int64_t first = 0, stride = 1, count = 1;
};
inline Line line_through(int64_t linear, const Shape& shape, int axis) {
  int64_t inner = product(shape, axis + 1, shape.size()), whole = inner * shape[axis];
  return {linear / whole * whole + linear % inner, inner, shape[axis]};
}

/// What softmax needs to know of a line: exp(x − maximum) / sum.
struct SoftmaxLine {
  double maximum = 0, sum = 0;
};
template <class R>
SoftmaxLine softmax_line(const R& read, const Line& line) {
  SoftmaxLine s{-std::numeric_limits<double>::infinity(), 0};
  for (int64_t i = 0; i < line.count; ++i) s.maximum = std::max(s.maximum, read.real(0, line.first + i * line.stride));
  for (int64_t i = 0; i < line.count; ++i) s.sum += std::exp(read.real(0, line.first + i * line.stride) - s.maximum);
  return s;
}

template <class V, class R>
V compute(const op::Softmax& a, const Types& t, const R& read, int64_t linear) {
  SoftmaxLine s = softmax_line(read, line_through(linear, t.out.shape, static_cast<int>(a.axis)));
  return std::exp(read.real(0, linear) - s.maximum) / s.sum;
}

template <class V, class R>
V compute(const op::Lrn& a, const Types& t, const R& read, int64_t linear) {
  Line line = line_through(linear, t.out.shape, 1);
  int64_t c = (linear - line.first) / line.stride;
  int64_t first = std::max<int64_t>(0, c - (a.size - 1) / 2), last = std::min(line.count - 1, c + a.size / 2);
  double squares = 0;
  for (int64_t i = first; i <= last; ++i) {
    double x = read.real(0, line.first + i * line.stride);
    squares += x * x;
  }
  double base = a.bias + static_cast<double>(a.alpha) / static_cast<double>(a.size) * squares;
  return read.real(0, linear) / std::pow(base, static_cast<double>(a.beta));
}

}  // namespace stretto::ref
