// Inside ref/: matrix products and reductions.
#pragma once

#include "op/broadcast.h"
#include "op/integer.h"
#include "ref/indexing.h"
#include "ref/values.h"

namespace stretto::ref {

template <class V, class R>
V compute(const op::Gemm& a, const Types& t, const R& read, int64_t linear) {
  int64_t n = t.out.shape[1], row = linear / n, column = linear % n;
  const Shape &sa = t.shape(0), &sb = t.shape(1);
  int64_t first_a = a.trans_a ? row : row * sa[1], step_a = a.trans_a ? sa[1] : 1, k = sa[a.trans_a ? 0 : 1];
  int64_t first_b = a.trans_b ? column * sb[1] : column, step_b = a.trans_b ? 1 : sb[1];
  double sum = 0;
  for (int64_t i = 0; i < k; ++i) sum += read.real(0, first_a + i * step_a) * read.real(1, first_b + i * step_b);
  sum *= static_cast<double>(a.alpha);
  if (t.in.size() < 3) return sum;
  Dims strides = op::broadcast_strides(t.shape(2), t.out.shape);
  return sum + static_cast<double>(a.beta) * read.real(2, row * strides[0] + column * strides[1]);
}

template <class V, class R>
V compute(const op::MatMul&, const Types& t, const R& read, int64_t linear) {
  // Both operands as stacks of matrices: a vector on the left is one row, on the right one column.
  Shape sa = t.shape(0), sb = t.shape(1);
  bool row_vector = sa.size() == 1, column_vector = sb.size() == 1;
  if (row_vector) sa = Shape{1, sa[0]};
  if (column_vector) sb = Shape{sb[0], 1};
  int64_t m = sa[sa.size() - 2], k = sa.back(), n = sb.back();
  int64_t column = linear % n, row = linear / n % m, batch = linear / n / m;
  Shape outer, outer_a, outer_b;
  for (int i = 0; i + 2 < sa.size(); ++i) outer_a.push_back(sa[i]);
  for (int i = 0; i + 2 < sb.size(); ++i) outer_b.push_back(sb[i]);
  outer = *op::broadcast_shapes(outer_a, outer_b);
  Dims at = unravel(batch, outer), steps_a = op::broadcast_strides(outer_a, outer),
       steps_b = op::broadcast_strides(outer_b, outer);
  int64_t matrix_a = 0, matrix_b = 0;
  for (int i = 0; i < outer.size(); ++i) {
    matrix_a += at[i] * steps_a[i];
    matrix_b += at[i] * steps_b[i];
  }
  double sum = 0;
  for (int64_t i = 0; i < k; ++i) {
    sum += read.real(0, (matrix_a * m + row) * k + i) * read.real(1, (matrix_b * k + i) * n + column);
  }
  return sum;
}

template <class V>
V mean_of(V sum, int64_t count) {
  return sum / static_cast<V>(count);
}

template <class V, class R>
V compute(const op::Reduce& a, const Types& t, const R& read, int64_t linear) {
  const Shape& src = t.shape(0);
  Dims strides = strides_of(src);
  Shape kept = src, reduced;  // `kept` is the output's shape with keepdims
  Dims reduced_strides;
  for (int64_t axis : a.axes) {
    int i = static_cast<int>(axis);
    kept[i] = 1;
    reduced.push_back(src[i]);
    reduced_strides.push_back(strides[i]);
  }
  Dims at = unravel(linear, kept);
  int64_t base = 0;
  for (int i = 0; i < src.size(); ++i) base += at[i] * strides[i];
  V best = read.template get<V>(0, base), sum = 0;
  for_each_row(reduced, reduced_strides, reduced_strides, [&](const Row& row) {
    for (int64_t i = 0; i < row.count; ++i) {
      V x = read.template get<V>(0, base + row.x + i * row.step_x);
      bool better = a.kind == op::ReduceKind::max ? x > best : x < best;
      if (better || x != x) best = x;
      if constexpr (std::is_same_v<V, int64_t>) {
        sum = static_cast<int64_t>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(x));
      } else {
        sum += x;
      }
    }
  });
  switch (a.kind) {
    case op::ReduceKind::mean:
      if constexpr (std::is_same_v<V, int64_t>) {
        const bool bytes = t.in[0].dtype == DType::u8 || t.in[0].dtype == DType::i8;
        if (bytes) return op::rounded_mean(sum, product(reduced, 0, reduced.size()));
      }
      return mean_of(sum, product(reduced, 0, reduced.size()));
    case op::ReduceKind::sum:
      return sum;
    case op::ReduceKind::max:
    case op::ReduceKind::min:
      return best;
  }
  return sum;
}

}  // namespace stretto::ref
