// Depthwise convolution: one vector is one pixel's channels. Inside the image R pixels of a row are summed at once with
// the weights of a kernel's row in registers; pixels whose window reaches past the sides are taken singly.
#pragma once

#include "kernels/cpu/x86/unary_loops.h"
#include "kernels/cpu/x86/window_loops.h"

namespace stretto::kernels {
namespace {

template <class V>
struct DepthwiseRow {
  using Element = typename V::Element;
  const WindowParams* p;
  const Element* src;      // row of the window's first valid kh, column −pl of the image
  const Element* weights;  // at the first valid kh
  const Element* bias;
  const Element* other;  // row, added before the clamp; may be null
  Element* dst;          // row
  int kh;                // valid rows
  float lo, hi;
};

template <class V>
[[gnu::always_inline]] inline void depthwise_store(const DepthwiseRow<V>& row, int ox, typename V::T sum) {
  if (row.other != nullptr) sum = V::add(sum, V::load(row.other + ox * V::width));
  V::store(row.dst + ox * V::width, V::min(V::set(row.hi), V::max(V::set(row.lo), sum)));
}

/// R pixels from column ox, whose windows lie inside. KW, SW: 0 means the runtime's.
template <class V, int R, int KW, int SW>
void depthwise_pixels(const DepthwiseRow<V>& row, int ox) {
  using T = typename V::T;
  using Element = typename V::Element;
  constexpr int W = V::width;
  const WindowParams& p = *row.p;
  const ptrdiff_t step = (SW > 0 ? SW : p.sw) * W;
  T sum[R];
  const T start = V::load(row.bias);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) sum[r] = start;
  const Element* src = row.src + ox * step;
  const Element* w = row.weights;
  const ptrdiff_t row_step = static_cast<ptrdiff_t>(p.dh) * p.iw * W;
  for (int kh = 0; kh < row.kh; ++kh, src += row_step) {
    if constexpr (KW > 0) {
      T weight[KW];
#pragma GCC unroll 8
      for (int k = 0; k < KW; ++k) weight[k] = V::load(w + k * W);
      w += KW * W;
#pragma GCC unroll 32
      for (int x = 0; x < (R - 1) * SW + KW; ++x) {
        const T in = V::load(src + x * W);
#pragma GCC unroll 8
        for (int k = 0; k < KW; ++k) {
          if (x >= k && (x - k) % SW == 0 && (x - k) / SW < R)
            sum[(x - k) / SW] = V::fma(in, weight[k], sum[(x - k) / SW]);
        }
      }
    } else {
      for (int k = 0; k < p.kw; ++k, w += W) {
        const T weight = V::load(w);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) sum[r] = V::fma(V::load(src + r * step + k * p.dw * W), weight, sum[r]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) depthwise_store<V>(row, ox + r, sum[r]);
}

/// One pixel, its window cut to the columns of the image.
template <class V>
void depthwise_edge(const DepthwiseRow<V>& row, int ox) {
  using Element = typename V::Element;
  constexpr int W = V::width;
  const WindowParams& p = *row.p;
  const Range kw = window_range(ox * p.sw - p.pl, p.iw, p.kw, p.dw);
  typename V::T sum = V::load(row.bias);
  for (int kh = 0; kh < row.kh; ++kh) {
    const Element* src = row.src + (static_cast<ptrdiff_t>(kh) * p.dh * p.iw + ox * p.sw) * W;
    const Element* w = row.weights + kh * p.kw * W;
    for (int k = kw.begin; k < kw.end; ++k) sum = V::fma(V::load(src + k * p.dw * W), V::load(w + k * W), sum);
  }
  depthwise_store<V>(row, ox, sum);
}

template <class V, int KW, int SW>
void depthwise_inner(const DepthwiseRow<V>& row) {
  constexpr int R = V::width >= 16 ? 8 : 6;
  int ox = row.p->inner_begin;
  const int end = row.p->inner_end;
  for (; ox + R <= end; ox += R) depthwise_pixels<V, R, KW, SW>(row, ox);
  for (; ox + 3 <= end; ox += 3) depthwise_pixels<V, 3, KW, SW>(row, ox);
  for (; ox < end; ++ox) depthwise_pixels<V, 1, KW, SW>(row, ox);
}

template <class V>
void depthwise_row(const DepthwiseRow<V>& row) {
  const WindowParams& p = *row.p;
  for (int ox = 0; ox < p.inner_begin; ++ox) depthwise_edge<V>(row, ox);
  if (p.kw == 3 && p.dw == 1 && p.sw == 1) {
    depthwise_inner<V, 3, 1>(row);
  } else if (p.kw == 3 && p.dw == 1 && p.sw == 2) {
    depthwise_inner<V, 3, 2>(row);
  } else if (p.kw == 5 && p.dw == 1 && p.sw == 1) {
    depthwise_inner<V, 5, 1>(row);
  } else if (p.kw == 5 && p.dw == 1 && p.sw == 2) {
    depthwise_inner<V, 5, 2>(row);
  } else {
    depthwise_inner<V, 0, 0>(row);
  }
  for (int ox = p.inner_end; ox < p.ow; ++ox) depthwise_edge<V>(row, ox);
}

template <class V>
void depthwise_plane(const DepthwiseParams& params, const StepArgs& args, const WindowTask& t, int plane) {
  using Element = typename V::Element;
  constexpr int W = V::width;
  const WindowParams& p = params.window;
  const EpilogueParams& e = params.epilogue;
  const int block = plane % p.channel_blocks;
  const Element* packed = reinterpret_cast<const Element*>(args.weights);
  const Element* plane_src = window_src<V>(p, args, plane);
  DepthwiseRow<V> row;
  row.p = &p;
  row.bias = packed + block * W;
  row.lo = e.simple ? e.lo : -__builtin_inff();
  row.hi = e.simple ? e.hi : __builtin_inff();
  const Element* weights = packed + params.weights + static_cast<ptrdiff_t>(block) * p.kh * p.kw * W;
  for (int oy = t.row_begin; oy < t.row_end; ++oy) {
    const int iy = oy * p.sh - p.pt;
    const Range kh = window_range(iy, p.ih, p.kh, p.dh);
    row.kh = kh.end - kh.begin;
    row.weights = weights + kh.begin * p.kw * W;
    row.src = plane_src + ((static_cast<ptrdiff_t>(iy) + kh.begin * p.dh) * p.iw - p.pl) * W;
    const ptrdiff_t place = window_dst<V>(p, plane) + static_cast<ptrdiff_t>(oy) * p.ow * W;
    row.dst = static_cast<Element*>(args.dst) + place;
    const Element* other = e.other < 0 ? nullptr : static_cast<const Element*>(args.src[e.other]) + place;
    row.other = e.simple ? other : nullptr;
    depthwise_row<V>(row);
    if (e.simple) continue;
    const bool tail = e.tail > 0 && block + 1 == p.channel_blocks;
    epilogue_row<typename V::Wide>(e, row.dst, other, p.ow, W, tail ? e.tail : W);
  }
}

template <class V>
void depthwise_task(const StepArgs& args, TaskId id) {
  const DepthwiseParams& params = *static_cast<const DepthwiseParams*>(args.params);
  const WindowTask t = window_task(params.window, id);
  for (int plane = t.plane_begin; plane < t.plane_end; ++plane) depthwise_plane<V>(params, args, t, plane);
}

}  // namespace
}  // namespace stretto::kernels
