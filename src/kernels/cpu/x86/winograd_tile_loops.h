// Winograd's transforms of one tile: of its input, of its weights, and of its products back to pixels. V names a
// vector, S a scheme of winograd_transforms.h.
#pragma once

#include "kernels/cpu/x86/unary_loops.h"
#include "kernels/cpu/x86/winograd_params.h"
#include "kernels/cpu/x86/winograd_transforms.h"

namespace stretto::kernels {
namespace {

/// Transforms one tile of one ic block; what lies outside the image is zero.
template <class V, class S>
void winograd_input(const WinogradParams& p, const typename V::Element* src, int ty, int tx, typename V::Element* dst,
                    ptrdiff_t position) {
  using T = typename V::T;
  constexpr int n = S::points, W = V::width;
  const int y0 = ty * S::step - p.pt, x0 = tx * S::step - p.pl;
  T rows[n * n], columns[n];
  for (int x = 0; x < n; ++x) {
    T column[n];
    const bool inside = x0 + x >= 0 && x0 + x < p.iw;
#pragma GCC unroll 9
    for (int y = 0; y < n; ++y) {
      const bool there = inside && y0 + y >= 0 && y0 + y < p.ih;
      column[y] = there ? V::load(src + (static_cast<ptrdiff_t>(y0 + y) * p.iw + x0 + x) * W) : V::zero();
    }
    WinogradTransform<V, S>::input(column, 1, rows + x, n);
  }
  for (int y = 0; y < n; ++y) {
    WinogradTransform<V, S>::input(rows + y * n, 1, columns, 1);
#pragma GCC unroll 9
    for (int x = 0; x < n; ++x) V::store(dst + (y * n + x) * position, columns[x]);
  }
}

/// Transforms the products of one tile and one oc block back and stores what lies inside the image.
template <class V, class S>
void winograd_output(const WinogradParams& p, const float* products, ptrdiff_t position, const float* bias,
                     const typename V::Element* other, typename V::Element* dst, int ty, int tx, int lanes) {
  using T = typename V::T;
  constexpr int m = S::outputs, n = S::points, W = V::width;
  const EpilogueParams& e = p.epilogue;
  const T start = V::load(bias), lo = V::set(e.lo), hi = V::set(e.hi);
  T rows[m * n], line[m];
  for (int x = 0; x < n; ++x) {
    T column[n];
#pragma GCC unroll 9
    for (int y = 0; y < n; ++y) column[y] = V::load(products + (y * n + x) * position);
    WinogradTransform<V, S>::output(column, 1, rows + x, n);
  }
  const int height = p.oh - ty * m < m ? p.oh - ty * m : m;
  const int width = p.ow - tx * m < m ? p.ow - tx * m : m;
  for (int y = 0; y < height; ++y) {
    WinogradTransform<V, S>::output(rows + y * n, 1, line, 1);
    const ptrdiff_t at = (static_cast<ptrdiff_t>(ty * m + y) * p.ow + tx * m) * W;
#pragma GCC unroll 9
    for (int x = 0; x < m; ++x) line[x] = V::add(line[x], start);
    if (e.simple) {
      for (int x = 0; x < width; ++x) {
        T value = line[x];
        if (other != nullptr) value = V::add(value, V::load(other + at + x * W));
        V::store(dst + at + x * W, V::min(hi, V::max(lo, value)));
      }
    } else {
      for (int x = 0; x < width; ++x) V::store(dst + at + x * W, line[x]);
      epilogue_row<V>(e, dst + at, other == nullptr ? nullptr : other + at, width, W, lanes);
    }
  }
}

/// Row y of the transformed 3×3 weights of `vectors` pairs of a channel and a vector of output channels: float or f16,
/// nine vectors each.
template <class V, class S, int y, class Weight>
void winograd_weight_row(const Weight* src, int vectors, float* dst, ptrdiff_t position) {
  using T = typename V::T;
  constexpr int n = S::points, W = V::width;
  for (int i = 0; i < vectors; ++i, src += 9 * W, dst += W) {
    T row[3], line[n];
#pragma GCC unroll 3
    for (int x = 0; x < 3; ++x) {
      const T column[3] = {V::load(src + x * W), V::load(src + (3 + x) * W), V::load(src + (6 + x) * W)};
      WinogradTransform<V, S>::weights(column, 1, line, 1);
      row[x] = line[y];
    }
    WinogradTransform<V, S>::weights(row, 1, line, 1);
#pragma GCC unroll 9
    for (int x = 0; x < n; ++x) V::store(dst + x * position, line[x]);
  }
}

/// The same for a row known only when it runs.
template <class V, class S, class Weight, int y = 0>
void winograd_weights(int row, const Weight* src, int vectors, float* dst, ptrdiff_t position) {
  if (row == y) return winograd_weight_row<V, S, y>(src, vectors, dst, position);
  if constexpr (y + 1 < S::points) winograd_weights<V, S, Weight, y + 1>(row, src, vectors, dst, position);
}

}  // namespace
}  // namespace stretto::kernels
