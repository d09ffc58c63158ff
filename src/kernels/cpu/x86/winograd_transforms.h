// The transforms of F(m, 3) along one axis: for m = 4 the points 0, ±1, ±2, ∞ (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2015), for m = 2 the points 0, ±1, ∞, for m = 6 the points 0, ±1, ±2, ±1/2, ∞.
//
// With stride 2 a row of three weights meets every other input: the even inputs are a convolution with the outer two
// weights, F(m, 2), at the points 0, 1, −1, 2, ∞ for m = 4 and 0, 1, ∞ for m = 2; the odd ones a product with the
// middle weight. Both results add up, so the two are one transform of 2m + 1 inputs to (m + 1) + m products.
//
// `in` and `out` are arrays of vectors; `step` and `out_step` say how far apart their elements are.
#pragma once

namespace stretto::kernels {
namespace {

/// m outputs along one axis with that stride.
template <int m, int stride>
struct WinogradScheme {
  static constexpr int outputs = m, step = m * stride;  // step: inputs from one tile to the next
  static constexpr int points = (m - 1) * stride + 3;   // inputs of a tile, and products
};

template <class V, class S>
struct WinogradTransform;

template <class V>
struct WinogradTransform<V, WinogradScheme<2, 1>> {
  using T = typename V::T;
  [[gnu::always_inline]] static void weights(const T* in, int step, T* out, int out_step) {
    const T half = V::set(.5f), outer = V::mul(half, V::add(in[0], in[2 * step])), inner = V::mul(half, in[1 * step]);
    out[0 * out_step] = in[0];
    out[1 * out_step] = V::add(outer, inner);
    out[2 * out_step] = V::sub(outer, inner);
    out[3 * out_step] = in[2 * step];
  }
  [[gnu::always_inline]] static void input(const T* in, int step, T* out, int out_step) {
    out[0 * out_step] = V::sub(in[0 * step], in[2 * step]);
    out[1 * out_step] = V::add(in[1 * step], in[2 * step]);
    out[2 * out_step] = V::sub(in[2 * step], in[1 * step]);
    out[3 * out_step] = V::sub(in[1 * step], in[3 * step]);
  }
  [[gnu::always_inline]] static void output(const T* in, int step, T* out, int out_step) {
    out[0 * out_step] = V::add(V::add(in[0 * step], in[1 * step]), in[2 * step]);
    out[1 * out_step] = V::sub(V::sub(in[1 * step], in[2 * step]), in[3 * step]);
  }
};

template <class V>
struct WinogradTransform<V, WinogradScheme<4, 1>> {
  using T = typename V::T;
  [[gnu::always_inline]] static void weights(const T* in, int step, T* out, int out_step) {
    const T w0 = in[0], w1 = in[1 * step], w2 = in[2 * step];
    const T outer = V::mul(V::set(-1.f / 6), V::add(w0, w2)), inner = V::mul(V::set(1.f / 6), w1);
    const T far = V::fma(V::set(1.f / 24), w0, V::mul(V::set(1.f / 6), w2)), mid = V::mul(V::set(1.f / 12), w1);
    out[0 * out_step] = V::mul(V::set(.25f), w0);
    out[1 * out_step] = V::sub(outer, inner);
    out[2 * out_step] = V::add(outer, inner);
    out[3 * out_step] = V::add(far, mid);
    out[4 * out_step] = V::sub(far, mid);
    out[5 * out_step] = w2;
  }
  [[gnu::always_inline]] static void input(const T* in, int step, T* out, int out_step) {
    const T two = V::set(2), four = V::set(4), five = V::set(-5);
    const T d0 = in[0], d1 = in[1 * step], d2 = in[2 * step], d3 = in[3 * step], d4 = in[4 * step], d5 = in[5 * step];
    const T even = V::sub(d4, V::mul(four, d2)), odd = V::sub(d3, V::mul(four, d1));
    const T even2 = V::sub(d4, d2), odd2 = V::mul(two, V::sub(d3, d1));
    out[0 * out_step] = V::fma(four, d0, V::fma(five, d2, d4));
    out[1 * out_step] = V::add(even, odd);
    out[2 * out_step] = V::sub(even, odd);
    out[3 * out_step] = V::add(even2, odd2);
    out[4 * out_step] = V::sub(even2, odd2);
    out[5 * out_step] = V::fma(four, d1, V::fma(five, d3, d5));
  }
  [[gnu::always_inline]] static void output(const T* in, int step, T* out, int out_step) {
    const T two = V::set(2), four = V::set(4), eight = V::set(8);
    const T s1 = V::add(in[1 * step], in[2 * step]), d1 = V::sub(in[1 * step], in[2 * step]);
    const T s2 = V::add(in[3 * step], in[4 * step]), d2 = V::sub(in[3 * step], in[4 * step]);
    out[0 * out_step] = V::add(V::add(in[0], s1), s2);
    out[1 * out_step] = V::fma(two, d2, d1);
    out[2 * out_step] = V::fma(four, s2, s1);
    out[3 * out_step] = V::add(V::fma(eight, d2, d1), in[5 * step]);
  }
};

template <class V>
struct WinogradTransform<V, WinogradScheme<6, 1>> {
  using T = typename V::T;
  [[gnu::always_inline]] static void weights(const T* in, int step, T* out, int out_step) {
    const T w0 = in[0], w1 = in[1 * step], w2 = in[2 * step];
    const T outer = V::mul(V::set(-2.f / 9), V::add(w0, w2)), inner = V::mul(V::set(2.f / 9), w1);
    const T e1 = V::fma(V::set(1.f / 90), w0, V::mul(V::set(2.f / 45), w2)), o1 = V::mul(V::set(1.f / 45), w1);
    const T e2 = V::fma(V::set(1.f / 45), w0, V::mul(V::set(1.f / 180), w2)), o2 = V::mul(V::set(1.f / 90), w1);
    out[0 * out_step] = w0;
    out[1 * out_step] = V::sub(outer, inner);
    out[2 * out_step] = V::add(outer, inner);
    out[3 * out_step] = V::add(e1, o1);
    out[4 * out_step] = V::sub(e1, o1);
    out[5 * out_step] = V::add(e2, o2);
    out[6 * out_step] = V::sub(e2, o2);
    out[7 * out_step] = w2;
  }
  [[gnu::always_inline]] static void input(const T* in, int step, T* out, int out_step) {
    const T d0 = in[0], d1 = in[1 * step], d2 = in[2 * step], d3 = in[3 * step], d4 = in[4 * step], d5 = in[5 * step],
            d6 = in[6 * step], d7 = in[7 * step];
    const T q = V::set(5.25f), a = V::set(-4.25f);
    out[0 * out_step] = V::fma(q, V::sub(d4, d2), V::sub(d0, d6));
    const T e1 = V::fma(a, d4, V::add(d2, d6)), o1 = V::fma(a, d3, V::add(d1, d5));
    out[1 * out_step] = V::add(e1, o1);
    out[2 * out_step] = V::sub(e1, o1);
    const T e2 = V::fma(V::set(0.25f), d2, V::fma(V::set(-1.25f), d4, d6));
    const T o2 = V::fma(V::set(0.5f), d1, V::fma(V::set(-2.5f), d3, V::mul(V::set(2), d5)));
    out[3 * out_step] = V::add(e2, o2);
    out[4 * out_step] = V::sub(e2, o2);
    const T e3 = V::fma(V::set(4), d2, V::fma(V::set(-5), d4, d6));
    const T o3 = V::fma(V::set(2), d1, V::fma(V::set(-2.5f), d3, V::mul(V::set(0.5f), d5)));
    out[5 * out_step] = V::add(e3, o3);
    out[6 * out_step] = V::sub(e3, o3);
    out[7 * out_step] = V::fma(q, V::sub(d3, d5), V::sub(d7, d1));
  }
  [[gnu::always_inline]] static void output(const T* in, int step, T* out, int out_step) {
    const T s1 = V::add(in[1 * step], in[2 * step]), d1 = V::sub(in[1 * step], in[2 * step]);
    const T s2 = V::add(in[3 * step], in[4 * step]), d2 = V::sub(in[3 * step], in[4 * step]);
    const T s3 = V::add(in[5 * step], in[6 * step]), d3 = V::sub(in[5 * step], in[6 * step]);
    out[0 * out_step] = V::add(V::add(in[0], s1), V::fma(V::set(32), s3, s2));
    out[1 * out_step] = V::fma(V::set(16), d3, V::fma(V::set(2), d2, d1));
    out[2 * out_step] = V::fma(V::set(8), s3, V::fma(V::set(4), s2, s1));
    out[3 * out_step] = V::fma(V::set(4), d3, V::fma(V::set(8), d2, d1));
    out[4 * out_step] = V::fma(V::set(2), s3, V::fma(V::set(16), s2, s1));
    out[5 * out_step] = V::add(V::add(d3, in[7 * step]), V::fma(V::set(32), d2, d1));
  }
};

template <class V>
struct WinogradTransform<V, WinogradScheme<2, 2>> {
  using T = typename V::T;
  [[gnu::always_inline]] static void weights(const T* in, int step, T* out, int out_step) {
    out[0 * out_step] = V::sub(V::zero(), in[0]);
    out[1 * out_step] = V::add(in[0], in[2 * step]);
    out[2 * out_step] = in[2 * step];
    out[3 * out_step] = in[1 * step];
    out[4 * out_step] = in[1 * step];
  }
  [[gnu::always_inline]] static void input(const T* in, int step, T* out, int out_step) {
    out[0 * out_step] = V::sub(in[2 * step], in[0 * step]);
    out[1 * out_step] = in[2 * step];
    out[2 * out_step] = V::sub(in[4 * step], in[2 * step]);
    out[3 * out_step] = in[1 * step];
    out[4 * out_step] = in[3 * step];
  }
  [[gnu::always_inline]] static void output(const T* in, int step, T* out, int out_step) {
    out[0 * out_step] = V::add(V::add(in[0 * step], in[1 * step]), in[3 * step]);
    out[1 * out_step] = V::add(V::add(in[1 * step], in[2 * step]), in[4 * step]);
  }
};

template <class V>
struct WinogradTransform<V, WinogradScheme<4, 2>> {
  using T = typename V::T;
  [[gnu::always_inline]] static void weights(const T* in, int step, T* out, int out_step) {
    const T w0 = in[0], w1 = in[1 * step], w2 = in[2 * step], sixth = V::set(1.f / 6);
    out[0 * out_step] = V::mul(V::set(.5f), w0);
    out[1 * out_step] = V::mul(V::set(-.5f), V::add(w0, w2));
    out[2 * out_step] = V::mul(sixth, V::sub(w2, w0));
    out[3 * out_step] = V::fma(sixth, w0, V::mul(V::set(1.f / 3), w2));
    out[4 * out_step] = w2;
    out[5 * out_step] = w1;
    out[6 * out_step] = w1;
    out[7 * out_step] = w1;
    out[8 * out_step] = w1;
  }
  [[gnu::always_inline]] static void input(const T* in, int step, T* out, int out_step) {
    const T two = V::set(2), minus_three = V::set(-3);
    const T e0 = in[0], e1 = in[2 * step], e2 = in[4 * step], e3 = in[6 * step], e4 = in[8 * step];
    const T e31 = V::sub(e3, e1);
    out[0 * out_step] = V::fma(two, V::sub(e0, e2), e31);
    out[1 * out_step] = V::sub(V::sub(e3, e2), V::mul(two, e1));
    out[2 * out_step] = V::fma(two, e1, V::fma(minus_three, e2, e3));
    out[3 * out_step] = e31;
    out[4 * out_step] = V::sub(V::sub(e4, e2), V::mul(two, e31));
    out[5 * out_step] = in[1 * step];
    out[6 * out_step] = in[3 * step];
    out[7 * out_step] = in[5 * step];
    out[8 * out_step] = in[7 * step];
  }
  [[gnu::always_inline]] static void output(const T* in, int step, T* out, int out_step) {
    const T sum = V::add(in[1 * step], in[2 * step]), difference = V::sub(in[1 * step], in[2 * step]);
    const T last = in[3 * step];
    out[0 * out_step] = V::add(V::add(in[0], in[5 * step]), V::add(sum, last));
    out[1 * out_step] = V::add(in[6 * step], V::fma(V::set(2), last, difference));
    out[2 * out_step] = V::add(in[7 * step], V::fma(V::set(4), last, sum));
    out[3 * out_step] = V::add(V::add(in[4 * step], in[8 * step]), V::fma(V::set(8), last, difference));
  }
};

}  // namespace
}  // namespace stretto::kernels
