// One row times B blocks of columns. With a single row every weight is read once, from memory: two streams of weights,
// one for each half of k, keep more lines under way than one does (21 against 25 GB/s of two threads, where measured).
#pragma once

#include "kernels/cpu/x86/conv_tile_params.h"

namespace stretto::kernels {
namespace {

/// sum[b] += Σ over `count` channels of src · weights.
template <class V, class Weight, int B>
inline void add_channels(const float* src, const Weight* weights, int count, typename V::T (&sum)[B]) {
  constexpr int W = V::width;
  for (int c = 0; c < count; ++c) {
    const auto x = V::broadcast(src + c);
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) sum[b] = V::fma(V::load(weights + (c * B + b) * W), x, sum[b]);
  }
}

/// What the tile of one pixel computes for a product (kh = kw = 1, started from the bias), the halves of k summed
/// apart.
template <class V, class Weight, int B>
void gemm_row_tile(const TileArgs& a) {
  using T = typename V::T;
  constexpr int W = V::width, kBlock = W * B * W;
  const int second = a.ic_blocks / 2, first = a.ic_blocks - second;  // blocks of each half
  T sum[B], other[B];
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
    sum[b] = V::load(a.bias + b * W);
    other[b] = V::zero();
  }
  const auto* w = static_cast<const Weight*>(a.weights);
  const float* s = a.src;
  const Weight* w2 = w + static_cast<ptrdiff_t>(first) * kBlock;
  const float* s2 = s + first * a.src_block;
  for (int i = 0; i + 1 < second; ++i) {
#pragma GCC unroll 4
    for (int c = 0; c < W; c += 4) {
      add_channels<V, Weight, B>(s + c, w + c * B * W, 4, sum);
      add_channels<V, Weight, B>(s2 + c, w2 + c * B * W, 4, other);
    }
    s += a.src_block;
    s2 += a.src_block;
    w += kBlock;
    w2 += kBlock;
  }
  const int rest = second > 0 ? first - second + 1 : first;  // blocks of the first half that are left
  for (int i = 0; i < rest; ++i, s += a.src_block, w += kBlock) {
    const bool last = second == 0 && i + 1 == rest;
    add_channels<V, Weight, B>(s, w, 4 * (last ? a.last_quads : a.quads), sum);
  }
  if (second > 0) add_channels<V, Weight, B>(s2, w2, 4 * a.last_quads, other);
  const T lo = V::set(a.lo), hi = V::set(a.hi);
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
    T y = V::add(sum[b], other[b]);
    if (a.other != nullptr) y = V::add(y, V::load(a.other + b * a.dst_block));
    if (a.clamp) y = V::min(hi, V::max(lo, y));
    V::store(a.dst + b * a.dst_block, y);
  }
}

template <class V, class Weight>
TileFunction gemm_row(int blocks) {
  constexpr TileFunction kTiles[kMaxTileBlocks] = {gemm_row_tile<V, Weight, 1>, gemm_row_tile<V, Weight, 2>,
                                                   gemm_row_tile<V, Weight, 3>, gemm_row_tile<V, Weight, 4>};
  return kTiles[blocks - 1];
}

}  // namespace
}  // namespace stretto::kernels
