// Maximum and average over windows: one vector is one pixel's channels.
#pragma once

#include "kernels/cpu/x86/window_loops.h"

namespace stretto::kernels {
namespace {

/// R pixels from column ox with the same part of the window inside the image.
template <class V, int R, bool average>
[[gnu::always_inline]] inline void pool_pixels(const WindowParams& p, const typename V::Element* src, int rows,
                                               Range kw, int ox, float divisor, typename V::Element* dst) {
  using T = typename V::T;
  constexpr int W = V::width;
  const ptrdiff_t step = p.sw * W;
  src += ox * step;
  T sum[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) sum[r] = average ? V::zero() : V::load(src + r * step + kw.begin * p.dw * W);
  for (int kh = 0; kh < rows; ++kh, src += static_cast<ptrdiff_t>(p.dh) * p.iw * W) {
    for (int k = kw.begin; k < kw.end; ++k) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const T x = V::load(src + r * step + k * p.dw * W);
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

template <class V, bool average>
void pool_row(const PoolParams& params, const typename V::Element* src, int rows, int padded_rows,
              typename V::Element* dst) {
  const WindowParams& p = params.window;
  constexpr int R = 4;
  for (int ox = 0; ox < p.ow;) {
    const int ix = ox * p.sw - p.pl;
    const Range kw = window_range(ix, p.iw, p.kw, p.dw);
    const int padded = window_range(ix + p.pl, p.pl + p.iw + p.pr, p.kw, p.dw).end;
    const int taps = params.count_pads ? padded_rows * padded : rows * (kw.end - kw.begin);
    if (ox >= p.inner_begin && ox + R <= p.inner_end) {
      pool_pixels<V, R, average>(p, src, rows, kw, ox, static_cast<float>(taps), dst);
      ox += R;
    } else {
      pool_pixels<V, 1, average>(p, src, rows, kw, ox, static_cast<float>(taps), dst);
      ++ox;
    }
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
    const Element* src = window_src<V>(p, args, plane) + row * V::width;
    Element* dst =
        static_cast<Element*>(args.dst) + window_dst<V>(p, plane) + static_cast<ptrdiff_t>(oy) * p.ow * V::width;
    if (params.average) {
      pool_row<typename V::Wide, true>(params, src, kh.end - kh.begin, padded, dst);
    } else {
      pool_row<V, false>(params, src, kh.end - kh.begin, padded, dst);
    }
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
