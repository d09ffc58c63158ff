// Resize of H and W, one element a thread; which elements each row and column
// takes was worked out when it was packed.
#pragma once

#include "kernels/cuda/view.h"

namespace stretto::kernels::cuda {

/// What one row or column takes.
struct ResizeTap {
  int32_t at[4];
  float weight[4];
};

/// Packed: a tap for each row, then one for each column. A plan's file may hold anything there: what is read is brought
/// into the source.
struct ResizeParams {
  Order4 out;
  Strides4 in;
  Element in_element, out_element;
  int32_t taps;         // 1, 2 or 4 of a row and of a column; 1 of bytes
  uint32_t in_h, in_w;  // sizes of the source
};

struct ResizeElement {
  using Params = ResizeParams;
  ResizeParams p;
  const ResizeTap *rows, *columns;
  const void *src;
  void *dst;

  static uint32_t launches(const Params &) { return 1; }
  static ResizeElement of(const Params &p, const StepArgs &args, uint32_t) {
    const auto *rows = reinterpret_cast<const ResizeTap *>(args.weights);
    return {p, rows, rows + p.out.h, args.src[0], args.dst};
  }
  uint32_t count() const { return p.out.total; }
  STRETTO_BOTH static uint32_t inside(int32_t at, uint32_t size) {
    const auto place = static_cast<uint32_t>(at);
    return place < size ? place : size - 1;
  }

  STRETTO_BOTH void operator()(uint32_t i) const {
    const Point4 to = p.out.point(i);
    if (to.c >= p.out.c) return clear_element(dst, p.out_element, i);
    const ResizeTap &row = rows[to.h], &column = columns[to.w];
    if (p.taps == 1) {
      const uint32_t at = p.in.at(to.n, to.c, inside(row.at[0], p.in_h), inside(column.at[0], p.in_w));
      return copy_element(src, p.in_element, at, dst, p.out_element, i);
    }
    float sum = 0;
    for (int32_t y = 0; y < p.taps; ++y) {
      float line = 0;
      for (int32_t x = 0; x < p.taps; ++x) {
        const uint32_t from_y = inside(row.at[y], p.in_h), from_x = inside(column.at[x], p.in_w);
        const uint32_t at = p.in.at(to.n, to.c, from_y, from_x);
        line += column.weight[x] * load(src, p.in_element == Element::f16, at);
      }
      sum += row.weight[y] * line;
    }
    store(dst, p.out_element == Element::f16, i, sum);
  }
};

}  // namespace stretto::kernels::cuda
