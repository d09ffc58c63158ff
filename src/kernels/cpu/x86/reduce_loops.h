// Reduction of a blocked plane to one vector, eight sums at a time, added in a fixed order.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/elementwise_params.h"

namespace stretto::kernels {
namespace {

template <class V, ReduceParams::Kind kind>
[[gnu::always_inline]] inline typename V::T reduce_pair(typename V::T a, typename V::T b) {
  if constexpr (kind == ReduceParams::max) return V::max(b, a);
  if constexpr (kind == ReduceParams::min) return V::min(b, a);
  return V::add(a, b);
}

template <class V, ReduceParams::Kind kind>
typename V::T reduce_plane(const typename V::Element* src, int pixels) {
  using T = typename V::T;
  constexpr int W = V::width, R = 8;
  T sum = V::load(src);
  int i = 1;
  if (pixels > R) {
    T part[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) part[r] = V::load(src + r * W);
    for (i = R; i + R <= pixels; i += R) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) part[r] = reduce_pair<V, kind>(part[r], V::load(src + (i + r) * W));
    }
    sum = part[0];
#pragma GCC unroll 8
    for (int r = 1; r < R; ++r) sum = reduce_pair<V, kind>(sum, part[r]);
  }
  for (; i < pixels; ++i) sum = reduce_pair<V, kind>(sum, V::load(src + static_cast<ptrdiff_t>(i) * W));
  return sum;
}

template <class V>
void reduce_task(const StepArgs& args, TaskId id) {
  using Element = typename V::Element;
  constexpr int W = V::width;
  const ReduceParams& p = *static_cast<const ReduceParams*>(args.params);
  const int first = id.index * p.plane_block;
  const int last = first + p.plane_block < p.planes ? first + p.plane_block : p.planes;
  for (int plane = first; plane < last; ++plane) {
    const Element* src = static_cast<const Element*>(args.src[0]) + static_cast<ptrdiff_t>(plane) * p.pixels * W;
    typename V::T x = V::zero();
    if (p.kind == ReduceParams::max) x = reduce_plane<V, ReduceParams::max>(src, p.pixels);
    if (p.kind == ReduceParams::min) x = reduce_plane<V, ReduceParams::min>(src, p.pixels);
    if (p.kind == ReduceParams::sum) x = reduce_plane<V, ReduceParams::sum>(src, p.pixels);
    if (p.kind == ReduceParams::mean) {
      x = V::div(reduce_plane<V, ReduceParams::sum>(src, p.pixels), V::set(static_cast<float>(p.pixels)));
    }
    if (!p.plain) {
      V::store(static_cast<Element*>(args.dst) + static_cast<ptrdiff_t>(plane) * W, x);
      continue;
    }
    const int block = plane % p.channel_blocks;
    const int lanes = p.channels - block * W < W ? p.channels - block * W : W;
    float* dst = static_cast<float*>(args.dst) + static_cast<ptrdiff_t>(plane / p.channel_blocks) * p.channels;
    V::store_part(dst + block * W, x, lanes);
  }
}

}  // namespace
}  // namespace stretto::kernels
