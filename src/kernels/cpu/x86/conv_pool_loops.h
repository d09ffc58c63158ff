// The loops of a convolution from a plain image with a pool: rows of the convolution are made as the pool comes to
// them.
#pragma once

#include "kernels/cpu/x86/conv_first_loops.h"
#include "kernels/cpu/x86/conv_pool_params.h"
#include "kernels/cpu/x86/pool_loops.h"

namespace stretto::kernels {
namespace {

/// C: the vector that convolves, P: the one that pools; both see the same elements in memory.
template <class C, class P>
void conv_first_pool_task(const StepArgs& args, TaskId id) {
  using Element = typename P::Element;
  constexpr int W = P::width;
  const ConvPoolParams& p = *static_cast<const ConvPoolParams*>(args.params);
  const ConvFirstParams& c = p.conv;
  const WindowParams& w = p.pool.window;
  const int part = id.index % w.row_blocks, n = id.index / w.row_blocks;
  const int row_end = (part + 1) * w.row_block < w.oh ? (part + 1) * w.row_block : w.oh;
  std::byte* scratch = args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride;
  auto* ring = reinterpret_cast<Element*>(scratch + p.ring);
  const ptrdiff_t ring_row = static_cast<ptrdiff_t>(c.ow) * W;

  FirstRow<C> row = {};
  row.packed = reinterpret_cast<const float*>(args.weights);
  row.image = static_cast<const float*>(args.src[c.src]) + static_cast<ptrdiff_t>(n) * c.channels * c.ih * c.iw;
  row.rows = reinterpret_cast<float*>(scratch);
  for (int oy = part * w.row_block; oy < row_end; ++oy) {
    const int iy = oy * w.sh - w.pt;
    const Range kh = window_range(iy, w.ih, w.kh, 1);
    const int first = iy + kh.begin, last = iy + kh.end;
    if (row.oy < first) row.oy = first;
    for (; row.oy < last; ++row.oy) {
      row.dst = ring + row.oy % p.slots * ring_row;
      first_row<C>(c, row);
    }
    const int padded = window_range(iy + w.pt, w.pt + w.ih + w.pb, w.kh, 1).end;
    PoolRows<Element> rows = {ring - w.pl * W, ring_row, last - first, first % p.slots, p.slots};
    for (int b = 0; b < c.oc_blocks; ++b, rows.base += c.dst_block) {
      const ptrdiff_t plane = static_cast<ptrdiff_t>(n) * c.oc_blocks + b;
      pool_row_of<P>(p.pool, rows, padded,
                     static_cast<Element*>(args.dst) + (plane * w.oh + oy) * static_cast<ptrdiff_t>(w.ow) * W);
    }
  }
}

}  // namespace
}  // namespace stretto::kernels
