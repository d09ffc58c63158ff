// Inside ref/: positions in row-major arrays.
#pragma once

#include <span>

#include "base/tensor.h"

namespace stretto::ref {

/// What an operator computes on: the types of its inputs and of its output.
struct Types {
  std::span<const TensorType> in;
  const TensorType& out;
  const Shape& shape(int input) const { return in[static_cast<size_t>(input)].shape; }
};

/// The index along each axis of row-major element `linear`.
inline Dims unravel(int64_t linear, const Shape& shape) {
  Dims index = Dims::filled(shape.size(), 0);
  for (int i = shape.size(); i-- > 0;) {
    index[i] = linear % shape[i];
    linear /= shape[i];
  }
  return index;
}

/// Elements to move for one step along each axis.
inline Dims strides_of(const Shape& shape) {
  Dims strides = Dims::filled(shape.size(), 1);
  for (int i = shape.size() - 1; i-- > 0;) strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

inline int64_t product(const Dims& d, int first, int last) {
  int64_t p = 1;
  for (int i = first; i < last; ++i) p *= d[i];
  return p;
}

/// A row of an output: `count` elements from `dst` on, read from two places with their own steps.
struct Row {
  int64_t dst = 0, count = 0, x = 0, y = 0, step_x = 0, step_y = 0;
};

/// Calls row(Row) for every row of a `shape`d output whose element [i…] reads x at Σ i·sx and y at Σ i·sy. Axes that
/// can be walked as one are joined.
template <class F>
void for_each_row(const Shape& shape, const Dims& sx, const Dims& sy, const F& row) {
  Dims n, x, y;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) return;
    if (shape[i] == 1) continue;
    int last = n.size() - 1;
    if (last >= 0 && x[last] == sx[i] * shape[i] && y[last] == sy[i] * shape[i]) {
      n[last] *= shape[i];
      x[last] = sx[i];
      y[last] = sy[i];
      continue;
    }
    n.push_back(shape[i]);
    x.push_back(sx[i]);
    y.push_back(sy[i]);
  }
  int outer = n.size() - 1;
  if (outer < 0) return row(Row{0, 1, 0, 0, 0, 0});
  Row r{0, n[outer], 0, 0, x[outer], y[outer]};
  Dims index = Dims::filled(outer, 0);
  while (true) {
    row(r);
    r.dst += r.count;
    int axis = outer - 1;
    for (; axis >= 0; --axis) {
      r.x += x[axis];
      r.y += y[axis];
      if (++index[axis] < n[axis]) break;
      r.x -= x[axis] * n[axis];
      r.y -= y[axis] * n[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

}  // namespace stretto::ref
