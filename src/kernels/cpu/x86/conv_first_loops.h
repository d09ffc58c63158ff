// The loops of a convolution from a plain image: the input rows of one output row are copied with their padding to
// scratch, then tiles of R pixels × B blocks broadcast them.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/conv_first_params.h"
#include "kernels/cpu/x86/unary_loops.h"

namespace stretto::kernels {
namespace {

template <class V>
struct FirstTile {
  const float* src;      // scratch rows at the tile's first column
  const float* weights;  // [channel][kh][kw][block][width]
  const float* bias;
  const typename V::Element* other;  // as dst; may be null
  typename V::Element* dst;
  int kh_begin, kh_end;
  int count;  // pixels stored, ≤ R
};

/// One row of the result: its channel blocks lie p.dst_block apart.
template <class V>
struct FirstRow {
  const float* packed;  // bias and weights of all blocks
  const float* image;
  float* rows;                       // scratch for the rows read
  const typename V::Element* other;  // as dst; may be null
  typename V::Element* dst;
  int oy;
};

template <class V, int R, int B, int S>
void first_tile(const ConvFirstParams& p, const FirstTile<V>& t, ptrdiff_t dst_block) {
  using T = typename V::T;
  constexpr int W = V::width;
  T sum[R][B];
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
    const T start = V::load(t.bias + b * W);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) sum[r][b] = start;
  }
  const float* row = t.src;
  for (int c = 0; c < p.channels; ++c) {
    for (int kh = t.kh_begin; kh < t.kh_end; ++kh, row += p.row_floats) {
      const float* w = t.weights + static_cast<ptrdiff_t>((c * p.kh + kh) * p.kw) * B * W;
      const float* s = row;
      for (int kw = 0; kw < p.kw; ++kw, s += p.dw, w += B * W) {
        T weight[B];
#pragma GCC unroll 4
        for (int b = 0; b < B; ++b) weight[b] = V::load(w + b * W);
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
          const T x = V::broadcast(s + r * S);
#pragma GCC unroll 4
          for (int b = 0; b < B; ++b) sum[r][b] = V::fma(weight[b], x, sum[r][b]);
        }
      }
    }
  }
  const EpilogueParams& e = p.epilogue;
  const bool add = t.other != nullptr && e.simple;
  const T lo = V::set(e.simple ? e.lo : -__builtin_inff()), hi = V::set(e.simple ? e.hi : __builtin_inff());
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      if (r >= t.count) break;
      T x = sum[r][b];
      if (add) x = V::add(x, V::load(t.other + b * dst_block + r * W));
      V::store(t.dst + b * dst_block + r * W, V::min(hi, V::max(lo, x)));
    }
  }
}

/// The rows that output row `oy` reads, with zeros around them.
template <class V>
void copy_rows(const ConvFirstParams& p, const float* image, int iy, int kh_begin, int kh_end, float* out) {
  const int taken = p.iw < p.row_floats - p.pl ? p.iw : p.row_floats - p.pl;
  for (int c = 0; c < p.channels; ++c) {
    for (int kh = kh_begin; kh < kh_end; ++kh, out += p.row_floats) {
      const float* row = image + (static_cast<ptrdiff_t>(c) * p.ih + iy + kh * p.dh) * p.iw;
      for (int x = 0; x < p.pl; ++x) out[x] = 0;
      int x = 0;
      for (; x + V::width <= taken; x += V::width) V::store(out + p.pl + x, V::load(row + x));
      if (x < taken) V::store_part(out + p.pl + x, V::load_part(row + x, taken - x), taken - x);
      for (x = p.pl + taken; x < p.row_floats; ++x) out[x] = 0;
    }
  }
}

template <class V, int R, int B, int S>
void first_pixels(const ConvFirstParams& p, FirstTile<V> t, const FirstRow<V>& row, int oc) {
  constexpr int W = V::width;
  const ptrdiff_t at = oc * p.dst_block;
  t.weights = row.packed + p.weights + static_cast<ptrdiff_t>(oc) * p.channels * p.kh * p.kw * W;
  t.bias = row.packed + oc * W;
  for (int ox = 0; ox < p.ow; ox += R) {
    t.src = row.rows + ox * S;
    t.dst = row.dst + at + ox * W;
    t.other = row.other == nullptr ? nullptr : row.other + at + ox * W;
    t.count = p.ow - ox < R ? p.ow - ox : R;
    first_tile<V, R, B, S>(p, t, p.dst_block);
  }
}

template <class V, int B, int S>
void first_blocks(const ConvFirstParams& p, const FirstTile<V>& t, const FirstRow<V>& row) {
  int oc = 0;
  for (; oc + B <= p.oc_blocks; oc += B) first_pixels<V, first_tile_pixels(V::width, B), B, S>(p, t, row, oc);
  for (; oc < p.oc_blocks; ++oc) first_pixels<V, first_tile_pixels(V::width, 1), 1, S>(p, t, row, oc);
}

template <class V, int S>
void first_stride(const ConvFirstParams& p, const FirstTile<V>& t, const FirstRow<V>& row) {
  if constexpr (V::width == 16) {
    if (p.blocks == 4) return first_blocks<V, 4, S>(p, t, row);
  }
  if (p.blocks == 2) return first_blocks<V, 2, S>(p, t, row);
  first_blocks<V, 1, S>(p, t, row);
}

template <class V>
void first_row(const ConvFirstParams& p, const FirstRow<V>& row) {
  constexpr int W = V::width;
  FirstTile<V> t = {};
  const int iy = row.oy * p.sh - p.pt;
  t.kh_begin = iy < 0 ? (-iy + p.dh - 1) / p.dh : 0;
  if (t.kh_begin > p.kh) t.kh_begin = p.kh;
  t.kh_end = iy < p.ih ? (p.ih - iy + p.dh - 1) / p.dh : 0;
  if (t.kh_end > p.kh) t.kh_end = p.kh;
  if (t.kh_end < t.kh_begin) t.kh_end = t.kh_begin;
  copy_rows<V>(p, row.image, iy, t.kh_begin, t.kh_end, row.rows);
  if (p.sw == 1) first_stride<V, 1>(p, t, row);
  if (p.sw == 2) first_stride<V, 2>(p, t, row);
  if (p.sw == 4) first_stride<V, 4>(p, t, row);
  const EpilogueParams& e = p.epilogue;
  if (e.simple) return;
  for (int b = 0; b < p.oc_blocks; ++b) {
    const ptrdiff_t at = b * p.dst_block;
    const bool tail = e.tail > 0 && b + 1 == p.oc_blocks;
    epilogue_row<V>(e, row.dst + at, row.other == nullptr ? nullptr : row.other + at, p.ow, W, tail ? e.tail : W);
  }
}

template <class V>
void conv_first_task(const StepArgs& args, TaskId id) {
  using Element = typename V::Element;
  constexpr int W = V::width;
  const ConvFirstParams& p = *static_cast<const ConvFirstParams*>(args.params);
  const int n = id.index / p.row_blocks;
  const int begin = id.index % p.row_blocks * p.row_block;
  const int end = begin + p.row_block < p.oh ? begin + p.row_block : p.oh;
  FirstRow<V> row = {};
  row.packed = reinterpret_cast<const float*>(args.weights);
  row.image = static_cast<const float*>(args.src[p.src]) + static_cast<ptrdiff_t>(n) * p.channels * p.ih * p.iw;
  row.rows = reinterpret_cast<float*>(args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride);
  const int other = p.epilogue.other;
  for (row.oy = begin; row.oy < end; ++row.oy) {
    const ptrdiff_t place = n * p.oc_blocks * p.dst_block + static_cast<ptrdiff_t>(row.oy) * p.ow * W;
    row.dst = static_cast<Element*>(args.dst) + place;
    row.other = other < 0 ? nullptr : static_cast<const Element*>(args.src[other]) + place;
    first_row<V>(p, row);
  }
}

}  // namespace
}  // namespace stretto::kernels
