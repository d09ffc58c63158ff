// Inside ref/: quantisation and integer products, whose inputs differ in element type.
#pragma once

#include "op/integer.h"
#include "ref/windows.h"

namespace stretto::ref {

template <class A>
inline constexpr bool kIsInteger =
    std::is_same_v<A, op::Quantize> || std::is_same_v<A, op::Dequantize> || std::is_same_v<A, op::Requantize> ||
    std::is_same_v<A, op::Lookup> || std::is_same_v<A, op::ConvInteger> ||
    std::is_same_v<A, op::ConvTransposeInteger> || std::is_same_v<A, op::GemmInteger>;

/// The scale for element `linear`: the only one, or that of its index along `axis`.
template <class R>
float scale_at(const Types& t, const R& read, int64_t axis, int64_t linear) {
  const Shape &src = t.shape(0), &scales = t.shape(1);
  int64_t i = 0;
  if (scales[0] != 1) i = unravel(linear, src)[static_cast<int>(axis)];
  return static_cast<float>(read.real(1, i));
}

/// src − zero, modulo 2^32.
template <class R>
int32_t difference(const R& read, int input, int64_t linear, int64_t zero) {
  return static_cast<int32_t>(static_cast<uint32_t>(read.integer(input, linear)) - static_cast<uint32_t>(zero));
}

template <class R>
Scalar integer_element(const op::Quantize& a, const Types&, const R& read, int64_t linear) {
  return {0, op::quantize(static_cast<float>(read.real(0, linear)), a.scale, static_cast<int32_t>(a.zero), a.to)};
}

template <class R>
Scalar integer_element(const op::Dequantize& a, const Types& t, const R& read, int64_t linear) {
  return {op::dequantize(difference(read, 0, linear, a.zero), scale_at(t, read, a.axis, linear)), 0};
}

template <class R>
Scalar integer_element(const op::Requantize& a, const Types& t, const R& read, int64_t linear) {
  float sum = op::dequantize(difference(read, 0, linear, a.src_zero), scale_at(t, read, 1, linear));
  if (t.in.size() > 2) {
    const float other = op::dequantize(difference(read, 2, linear, a.other_zero), a.other_scale);
    sum = sum + other;
  }
  sum = op::slope_down(sum, a.slope);
  return {0, op::round_to_integer(sum, static_cast<int32_t>(a.zero), static_cast<int32_t>(a.low),
                                  static_cast<int32_t>(a.high))};
}

template <class R>
Scalar integer_element(const op::Lookup&, const Types& t, const R& read, int64_t linear) {
  const int64_t i = read.integer(0, linear);
  return is_float(t.out.dtype) ? Scalar{read.real(1, i), 0} : Scalar{0, read.integer(1, i)};
}

template <class A, class R>
Scalar integer_convolution(const A& a, const Types& t, const R& read, int64_t linear) {
  int64_t sum = 0;
  const int64_t channel = for_each_product(
      a, t, linear, [&](int64_t s, int64_t w) { sum += (read.integer(0, s) - a.zero) * read.integer(1, w); });
  if (t.in.size() > 2) sum += read.integer(2, channel);
  return {0, wrap(DType::i32, sum)};
}

template <class R>
Scalar integer_element(const op::ConvInteger& a, const Types& t, const R& read, int64_t linear) {
  return integer_convolution(a, t, read, linear);
}

template <class R>
Scalar integer_element(const op::ConvTransposeInteger& a, const Types& t, const R& read, int64_t linear) {
  return integer_convolution(a, t, read, linear);
}

template <class R>
Scalar integer_element(const op::GemmInteger& a, const Types& t, const R& read, int64_t linear) {
  const int64_t n = t.out.shape[1], k = t.shape(0)[1], row = linear / n * k, column = linear % n * k;
  int64_t sum = t.in.size() > 2 ? read.integer(2, linear % n) : 0;
  for (int64_t i = 0; i < k; ++i) sum += (read.integer(0, row + i) - a.zero) * read.integer(1, column + i);
  return {0, wrap(DType::i32, sum)};
}

}  // namespace stretto::ref
