// Activations on a row of vectors. V is the vector type of one instruction set.
#pragma once

#include "kernels/cpu/x86/epilogue_params.h"

namespace stretto::kernels {
namespace {

/// e^x to 1.5 units in the last place: x = n·ln 2 + r, a polynomial of degree 6 for e^r on |r| ≤ ln 2 / 2, times 2^n.
template <class V>
[[gnu::always_inline]] inline typename V::T exp_of(typename V::T x) {
  using T = typename V::T;
  x = V::min(V::set(89.0f), V::max(V::set(-105.0f), x));
  const T n = V::round(V::mul(x, V::set(1.44269504088896341f)));
  T r = V::fma(n, V::set(-0.693359375f), x);
  r = V::fma(n, V::set(2.12194440e-4f), r);
  T p = V::set(1.0f / 720);
  p = V::fma(p, r, V::set(1.0f / 120));
  p = V::fma(p, r, V::set(1.0f / 24));
  p = V::fma(p, r, V::set(1.0f / 6));
  p = V::fma(p, r, V::set(0.5f));
  p = V::fma(V::mul(p, r), r, r);
  return V::scale2(V::add(p, V::set(1.0f)), n);
}

template <class V>
[[gnu::always_inline]] inline typename V::T sigmoid_of(typename V::T x) {
  const typename V::T one = V::set(1.0f);
  return V::div(one, V::add(one, exp_of<V>(V::sub(V::zero(), x))));
}

/// An odd polynomial near zero, 1 − 2 / (e^2x + 1) elsewhere (Cephes' tanhf has these coefficients).
template <class V>
[[gnu::always_inline]] inline typename V::T tanh_of(typename V::T x) {
  using T = typename V::T;
  const T one = V::set(1.0f), z = V::mul(x, x);
  T p = V::set(-5.70498872745e-3f);
  p = V::fma(p, z, V::set(2.06390887954e-2f));
  p = V::fma(p, z, V::set(-5.37397155531e-2f));
  p = V::fma(p, z, V::set(1.33314422036e-1f));
  p = V::fma(p, z, V::set(-3.33332819422e-1f));
  const T near = V::fma(V::mul(p, z), x, x);
  const T far = V::sub(one, V::div(V::set(2.0f), V::add(exp_of<V>(V::add(x, x)), one)));
  return V::if_below(x, V::set(0.625f), near, far);
}

template <class V, UnaryCode code>
[[gnu::always_inline]] inline typename V::T unary_of(typename V::T x, typename V::T a, typename V::T b) {
  using T = typename V::T;
  const T zero = V::zero(), one = V::set(1.0f);
  if constexpr (code == UnaryCode::relu) return V::max(zero, x);
  if constexpr (code == UnaryCode::leaky_relu) return V::if_negative(x, V::mul(a, x), x);
  if constexpr (code == UnaryCode::clip) return V::min(b, V::max(a, x));
  if constexpr (code == UnaryCode::sigmoid) return sigmoid_of<V>(x);
  if constexpr (code == UnaryCode::hard_sigmoid) return V::min(one, V::max(zero, V::fma(a, x, b)));
  if constexpr (code == UnaryCode::hard_swish) {
    return V::mul(x, V::min(one, V::max(zero, V::fma(x, V::set(1.0f / 6), V::set(0.5f)))));
  }
  if constexpr (code == UnaryCode::swish) return V::mul(x, sigmoid_of<V>(x));
  if constexpr (code == UnaryCode::tanh) return tanh_of<V>(x);
  if constexpr (code == UnaryCode::exp) return exp_of<V>(x);
  if constexpr (code == UnaryCode::sqrt) return V::sqrt(x);
  if constexpr (code == UnaryCode::neg) return V::sub(V::set(-0.0f), x);
  if constexpr (code == UnaryCode::abs) return V::abs(x);
  if constexpr (code == UnaryCode::reciprocal) return V::div(one, x);
  if constexpr (code == UnaryCode::linear) return V::fma(a, x, b);
}

template <class V, UnaryCode code, class E>
void unary_row_of(const UnaryParams& p, const E* src, E* dst, int vectors, ptrdiff_t step) {
  const typename V::T a = V::set(p.a), b = V::set(p.b);
  for (int i = 0; i < vectors; ++i) V::store(dst + i * step, unary_of<V, code>(V::load(src + i * step), a, b));
}

/// dst = act(src) for `vectors` whole vectors, `step` elements apart in both. E: float, or what V keeps in memory.
template <class V, class E>
void unary_row(const UnaryParams& p, const E* src, E* dst, int vectors, ptrdiff_t step) {
  switch (p.code) {
    case UnaryCode::relu:
      return unary_row_of<V, UnaryCode::relu>(p, src, dst, vectors, step);
    case UnaryCode::leaky_relu:
      return unary_row_of<V, UnaryCode::leaky_relu>(p, src, dst, vectors, step);
    case UnaryCode::clip:
      return unary_row_of<V, UnaryCode::clip>(p, src, dst, vectors, step);
    case UnaryCode::sigmoid:
      return unary_row_of<V, UnaryCode::sigmoid>(p, src, dst, vectors, step);
    case UnaryCode::hard_sigmoid:
      return unary_row_of<V, UnaryCode::hard_sigmoid>(p, src, dst, vectors, step);
    case UnaryCode::hard_swish:
      return unary_row_of<V, UnaryCode::hard_swish>(p, src, dst, vectors, step);
    case UnaryCode::swish:
      return unary_row_of<V, UnaryCode::swish>(p, src, dst, vectors, step);
    case UnaryCode::tanh:
      return unary_row_of<V, UnaryCode::tanh>(p, src, dst, vectors, step);
    case UnaryCode::exp:
      return unary_row_of<V, UnaryCode::exp>(p, src, dst, vectors, step);
    case UnaryCode::sqrt:
      return unary_row_of<V, UnaryCode::sqrt>(p, src, dst, vectors, step);
    case UnaryCode::neg:
      return unary_row_of<V, UnaryCode::neg>(p, src, dst, vectors, step);
    case UnaryCode::abs:
      return unary_row_of<V, UnaryCode::abs>(p, src, dst, vectors, step);
    case UnaryCode::reciprocal:
      return unary_row_of<V, UnaryCode::reciprocal>(p, src, dst, vectors, step);
    case UnaryCode::linear:
      return unary_row_of<V, UnaryCode::linear>(p, src, dst, vectors, step);
  }
}

/// The second pass of an epilogue over `vectors` vectors of one channel block, `step` elements apart in dst and
/// `other_step` in other; `lanes` < width keeps the padding lanes zero. E: float, or what V keeps in memory.
template <class V, class E>
void epilogue_row_of(const EpilogueParams& e, E* dst, ptrdiff_t step, const typename V::Element* other,
                     ptrdiff_t other_step, int vectors, int lanes) {
  if (e.has_act1) unary_row<V>(e.act1, dst, dst, vectors, step);
  if (e.binary == BinaryCode::add) {
    for (int i = 0; i < vectors; ++i) {
      V::store(dst + i * step, V::add(V::load(dst + i * step), V::load(other + i * other_step)));
    }
  } else if (e.binary == BinaryCode::mul) {
    for (int i = 0; i < vectors; ++i) {
      V::store(dst + i * step, V::mul(V::load(dst + i * step), V::load(other + i * other_step)));
    }
  }
  if (e.has_act2) unary_row<V>(e.act2, dst, dst, vectors, step);
  if (lanes < V::width) {
    for (int i = 0; i < vectors; ++i) V::store(dst + i * step, V::keep(V::load(dst + i * step), lanes));
  }
}

/// The same with dst and other laid out alike.
template <class V>
void epilogue_row(const EpilogueParams& e, typename V::Element* dst, const typename V::Element* other, int vectors,
                  ptrdiff_t step, int lanes) {
  epilogue_row_of<V>(e, dst, step, other, step, vectors, lanes);
}

}  // namespace
}  // namespace stretto::kernels
