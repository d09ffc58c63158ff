// The transforms of F(m, 3) along one axis: for m = 4 the points 0, ±1, ±2, ∞ (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2015), for m = 2 the points 0, ±1, ∞, for m = 6 the points 0, ±1, ±2, ±1/2, ∞.
//
// `in` and `out` are arrays of vectors; In and Out say how far apart their elements are.
#pragma once

namespace stretto::kernels {
namespace {

template <class V, int m>
struct WinogradTransform;

template <class V>
struct WinogradTransform<V, 2> {
  using T = typename V::T;
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
struct WinogradTransform<V, 4> {
  using T = typename V::T;
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
struct WinogradTransform<V, 6> {
  using T = typename V::T;
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

}  // namespace
}  // namespace stretto::kernels
