// Maximum and average over windows: one vector is one pixel's channels.
#pragma once

#include "kernels/cpu/x86/window_loops.h"

namespace stretto::kernels {
namespace {

/// The rows that a window meets, `step` elements apart. Of a ring of `slots` rows the first is that in `slot`.
template <class Element>
struct PoolRows {
  const Element* base;  // at the image's column −pl
  ptrdiff_t step;
  int count;
  int slot = 0, slots = __INT_MAX__;

  const Element* at(int row) const {
    const int place = slot + row;
    return base + (place < slots ? place : place - slots) * step;
  }
};

/// R pixels from column ox with the same part of the window inside the image. K: its columns, where that is a constant.
template <class V, int R, bool average, int K = 0>
[[gnu::always_inline]] inline void pool_pixels(const WindowParams& p, const PoolRows<typename V::Element>& rows,
                                               Range kw, int ox, float divisor, typename V::Element* dst) {
  using T = typename V::T;
  constexpr int W = V::width;
  const ptrdiff_t step = p.sw * W, tap = p.dw * W;
  const ptrdiff_t first = ox * step + kw.begin * tap;
  const int taps = K > 0 ? K : kw.end - kw.begin;
  T sum[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) sum[r] = average ? V::zero() : V::load(rows.at(0) + first + r * step);
  for (int kh = 0; kh < rows.count; ++kh) {
    const typename V::Element* src = rows.at(kh) + first;
#pragma GCC unroll 4
    for (int k = 0; k < taps; ++k, src += tap) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const T x = V::load(src + r * step);
        sum[r] = average ? V::add(sum[r], x) : V::max(x, sum[r]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    if constexpr (average) sum[r] = V::div(sum[r], V::set(divisor));
    V::store(dst + (ox + r) * W, sum[r]);
  }
}

/// Columns begin…end, each with the part of its window that lies inside the image.
template <class V, bool average>
void pool_edge(const PoolParams& params, const PoolRows<typename V::Element>& rows, int padded_rows, int begin, int end,
               typename V::Element* dst) {
  const WindowParams& p = params.window;
  for (int ox = begin; ox < end; ++ox) {
    const int ix = ox * p.sw - p.pl;
    const Range kw = window_range(ix, p.iw, p.kw, p.dw);
    const int padded = window_range(ix + p.pl, p.pl + p.iw + p.pr, p.kw, p.dw).end;
    const int taps = params.count_pads ? padded_rows * padded : rows.count * (kw.end - kw.begin);
    pool_pixels<V, 1, average>(p, rows, kw, ox, static_cast<float>(taps), dst);
  }
}

/// Columns begin…end, whose windows lie inside the image: R at a time, the last R again where they do not divide.
template <class V, bool average, int K>
void pool_inner(const WindowParams& p, const PoolRows<typename V::Element>& rows, float divisor, int begin, int end,
                typename V::Element* dst) {
  constexpr int R = 8;
  const Range kw = {0, p.kw};
  if (end - begin < R) {
    for (int ox = begin; ox < end; ++ox) pool_pixels<V, 1, average, K>(p, rows, kw, ox, divisor, dst);
    return;
  }
  for (int ox = begin; ox < end; ox += R) {
    pool_pixels<V, R, average, K>(p, rows, kw, ox + R < end ? ox : end - R, divisor, dst);
  }
}

template <class V, bool average>
void pool_row(const PoolParams& params, const PoolRows<typename V::Element>& rows, int padded_rows,
              typename V::Element* dst) {
  const WindowParams& p = params.window;
  pool_edge<V, average>(params, rows, padded_rows, 0, p.inner_begin, dst);
  const auto divisor = static_cast<float>((params.count_pads ? padded_rows : rows.count) * p.kw);
  if (p.kw == 3) {
    pool_inner<V, average, 3>(p, rows, divisor, p.inner_begin, p.inner_end, dst);
  } else if (p.kw == 2) {
    pool_inner<V, average, 2>(p, rows, divisor, p.inner_begin, p.inner_end, dst);
  } else {
    pool_inner<V, average, 0>(p, rows, divisor, p.inner_begin, p.inner_end, dst);
  }
  pool_edge<V, average>(params, rows, padded_rows, p.inner_end, p.ow, dst);
}

template <class V>
void pool_row_of(const PoolParams& params, const PoolRows<typename V::Element>& rows, int padded_rows,
                 typename V::Element* dst) {
  if (params.average) {
    pool_row<typename V::Wide, true>(params, rows, padded_rows, dst);
  } else {
    pool_row<V, false>(params, rows, padded_rows, dst);
  }
}

template <class V>
void pool_plane(const PoolParams& params, const StepArgs& args, const WindowTask& t, int plane) {
  using Element = typename V::Element;
  const WindowParams& p = params.window;
  for (int oy = t.row_begin; oy < t.row_end; ++oy) {
    const int iy = oy * p.sh - p.pt;
    const Range kh = window_range(iy, p.ih, p.kh, p.dh);
    const int padded = window_range(iy + p.pt, p.pt + p.ih + p.pb, p.kh, p.dh).end;
    const ptrdiff_t row = (static_cast<ptrdiff_t>(iy) + kh.begin * p.dh) * p.iw - p.pl;
    const PoolRows<Element> rows = {window_src<V>(p, args, plane) + row * V::width,
                                    static_cast<ptrdiff_t>(p.dh) * p.iw * V::width, kh.end - kh.begin};
    Element* dst =
        static_cast<Element*>(args.dst) + window_dst<V>(p, plane) + static_cast<ptrdiff_t>(oy) * p.ow * V::width;
    pool_row_of<V>(params, rows, padded, dst);
  }
}

template <class V>
void pool_task(const StepArgs& args, TaskId id) {
  const PoolParams& params = *static_cast<const PoolParams*>(args.params);
  const WindowTask t = window_task(params.window, id);
  for (int plane = t.plane_begin; plane < t.plane_end; ++plane) pool_plane<V>(params, args, t, plane);
}

}  // namespace
}  // namespace stretto::kernels
