// Inside ref/: operators whose inputs or output differ in element type: Map, and those that pick, order and accumulate.
#pragma once

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <vector>

#include "op/boxes.h"
#include "op/broadcast.h"
#include "op/grid_map.h"
#include "op/map_function.h"
#include "ref/elementwise.h"
#include "ref/windows.h"

namespace stretto::ref {

template <class A>
inline constexpr bool kIsGeneral =
    std::is_same_v<A, op::Map> || std::is_same_v<A, op::Cumulate> || std::is_same_v<A, op::TopK> ||
    std::is_same_v<A, op::PoolIndices> || std::is_same_v<A, op::Scatter> || std::is_same_v<A, op::GridSample> ||
    std::is_same_v<A, op::RoiAlign> || std::is_same_v<A, op::NonMaxSuppression>;

/// Element `linear` of input `i`, as a Scalar of its type.
template <class R>
Scalar element_of(const Types& t, const R& read, int i, int64_t linear) {
  if (is_float(t.in[static_cast<size_t>(i)].dtype)) return {read.real(i, linear), 0};
  return {0, read.integer(i, linear)};
}

/// The element of input `i` that broadcasts to element `linear` of the output.
template <class R>
Scalar broadcast_element(const Types& t, const R& read, int i, int64_t linear) {
  const Dims index = unravel(linear, t.out.shape), strides = op::broadcast_strides(t.shape(i), t.out.shape);
  int64_t at = 0;
  for (int k = 0; k < index.size(); ++k) at += index[k] * strides[k];
  return element_of(t, read, i, at);
}

template <class R>
Scalar general_element(const op::Map& a, const Types& t, const R& read, int64_t linear) {
  const DType dtype = t.in.back().dtype;
  const Scalar x = broadcast_element(t, read, 0, linear);
  if (a.kind <= op::MapKind::gelu_tanh) return {op::map_real(a, x.real), 0};
  if (a.kind < op::MapKind::bit_not) return {0, op::map_test(a, x.real)};
  if (a.kind == op::MapKind::select) return broadcast_element(t, read, x.integer != 0 ? 1 : 2, linear);
  const Scalar y = t.in.size() > 1 ? broadcast_element(t, read, 1, linear) : Scalar{};
  if (op::is_predicate(a.kind)) {
    if (is_float(dtype)) return {0, op::map_compare(a.kind, x.real, y.real)};
    if (!op::is_unsigned(dtype)) return {0, op::map_compare(a.kind, x.integer, y.integer)};
    return {0, op::map_compare(a.kind, static_cast<uint64_t>(x.integer), static_cast<uint64_t>(y.integer))};
  }
  if (is_float(dtype)) return {op::map_modulo(a.kind, x.real, y.real), 0};
  if (dtype == DType::boolean && a.kind == op::MapKind::bit_not) return {0, x.integer == 0};
  const int bits = 8 * static_cast<int>(size_of(dtype));
  return {0, wrap(dtype, op::map_integer(a.kind, x.integer, y.integer, op::is_unsigned(dtype), bits))};
}

template <class R>
Scalar general_element(const op::Cumulate& a, const Types& t, const R& read, int64_t linear) {
  const Line line = line_through(linear, t.out.shape, static_cast<int>(a.axis));
  const int64_t at = (linear - line.first) / line.stride;
  const bool product = a.kind == op::CumulateKind::product;
  double real = product ? 1 : 0;
  uint64_t integer = product ? 1 : 0;
  int64_t first = a.reverse ? line.count - 1 : 0, step = a.reverse ? -1 : 1;
  for (int64_t i = first; i != at + (a.exclusive ? 0 : step); i += step) {
    const Scalar x = element_of(t, read, 0, line.first + i * line.stride);
    real = product ? real * x.real : real + x.real;
    integer = product ? integer * static_cast<uint64_t>(x.integer) : integer + static_cast<uint64_t>(x.integer);
  }
  return {real, wrap(t.out.dtype, static_cast<int64_t>(integer))};
}

/// Whether x comes before y.
inline bool comes_first(const Scalar& x, const Scalar& y, DType dtype, bool largest) {
  if (is_float(dtype)) {
    if (std::isnan(x.real) || std::isnan(y.real)) return !std::isnan(x.real) && std::isnan(y.real);
    return largest ? x.real > y.real : x.real < y.real;
  }
  if (dtype != DType::u64) return largest ? x.integer > y.integer : x.integer < y.integer;
  const auto ux = static_cast<uint64_t>(x.integer), uy = static_cast<uint64_t>(y.integer);
  return largest ? ux > uy : ux < uy;
}

/// Positions along the line of element `linear` of the output, best first.
template <class R>
std::vector<int64_t> ordered_line(const op::TopK& a, const Types& t, const R& read, int64_t linear) {
  const int axis = static_cast<int>(a.axis);
  const Line picked = line_through(linear, t.out.shape, axis);
  const int64_t size = t.shape(0)[axis];
  const int64_t first = linear / (picked.stride * picked.count) * picked.stride * size + linear % picked.stride;
  std::vector<Scalar> values;
  for (int64_t i = 0; i < size; ++i) values.push_back(element_of(t, read, 0, first + i * picked.stride));
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  auto before = [&](int64_t i, int64_t j) {
    return comes_first(values[static_cast<size_t>(i)], values[static_cast<size_t>(j)], t.in[0].dtype, a.largest);
  };
  std::stable_sort(order.begin(), order.end(), before);
  return order;
}

template <class R>
Scalar general_element(const op::TopK& a, const Types& t, const R& read, int64_t linear) {
  const Line picked = line_through(linear, t.out.shape, static_cast<int>(a.axis));
  return {0, ordered_line(a, t, read, linear)[static_cast<size_t>((linear - picked.first) / picked.stride)]};
}

template <class R>
Scalar general_element(const op::PoolIndices& a, const Types& t, const R& read, int64_t linear) {
  const Shape& src = t.shape(0);
  const Dims at = unravel(linear, t.out.shape);
  std::vector<Tap> taps{{0, 0}};
  for (int i = 0; i + 2 < src.size(); ++i) {
    const int64_t start = at[2 + i] * a.strides[i] - a.pads[i];
    taps = cross(taps, window_taps(start, src[2 + i], a.kernel[i], a.dilations[i]), src[2 + i], a.kernel[i]);
  }
  const int64_t base = (at[0] * src[1] + at[1]) * product(src, 2, src.size());
  int64_t best = base + taps.front().src;
  for (const Tap& tap : taps) {
    const Scalar x = element_of(t, read, 0, base + tap.src), y = element_of(t, read, 0, best);
    if (x.real > y.real || x.integer > y.integer) best = base + tap.src;
  }
  return {0, best};
}

/// Joins an update with what is there.
inline Scalar scattered(op::ScatterKind kind, const Scalar& x, const Scalar& y) {
  switch (kind) {
    case op::ScatterKind::replace:
      return y;
    case op::ScatterKind::add:
      return {x.real + y.real,
              static_cast<int64_t>(static_cast<uint64_t>(x.integer) + static_cast<uint64_t>(y.integer))};
    case op::ScatterKind::mul:
      return {x.real * y.real,
              static_cast<int64_t>(static_cast<uint64_t>(x.integer) * static_cast<uint64_t>(y.integer))};
    case op::ScatterKind::min:
      return {std::isnan(y.real) || y.real < x.real ? y.real : x.real, std::min(x.integer, y.integer)};
    case op::ScatterKind::max:
      return {std::isnan(y.real) || y.real > x.real ? y.real : x.real, std::max(x.integer, y.integer)};
  }
  return x;
}

template <class R>
Scalar general_element(const op::Scatter& a, const Types& t, const R& read, int64_t linear) {
  const int64_t rows = t.out.shape[0], inner = product(t.out.shape, 1, t.out.shape.size()), row = linear / inner;
  Scalar value = element_of(t, read, 0, linear);
  for (int64_t m = 0; m < t.shape(1)[0]; ++m) {
    const int64_t index = read.integer(1, m);
    if ((index < 0 ? index + rows : index) != row) continue;
    value = scattered(a.kind, value, element_of(t, read, 2, m * inner + linear % inner));
    if (t.out.dtype == DType::f32) value.real = static_cast<float>(value.real);
    value.integer = wrap(t.out.dtype, value.integer);
  }
  return value;
}

template <class R>
Scalar general_element(const op::GridSample& a, const Types& t, const R& read, int64_t linear) {
  const Shape& src = t.shape(0);
  const int axes = src.size() - 2;
  const int64_t area = product(t.out.shape, 2, t.out.shape.size());
  const int64_t point = linear / area / src[1] * area + linear % area;  // of the grid
  op::GridTaps taps[3];
  for (int i = 0; i < axes; ++i) {
    const auto x = static_cast<float>(read.real(1, point * axes + (axes - 1 - i)));
    taps[i] = op::grid_taps(a, x, src[2 + i]);
  }
  const int64_t base = linear / area * product(src, 2, src.size());
  const int depth = axes == 3 ? taps[0].count : 1;
  const op::GridTaps &rows = taps[axes - 2], &columns = taps[axes - 1];
  double sum = 0;
  for (int d = 0; d < depth; ++d) {
    for (int r = 0; r < rows.count; ++r) {
      for (int c = 0; c < columns.count; ++c) {
        const int64_t plane = axes == 3 ? taps[0].at[d] : 0;
        if (plane < 0 || rows.at[r] < 0 || columns.at[c] < 0) continue;
        const double weight = (axes == 3 ? static_cast<double>(taps[0].weight[d]) : 1.0) *
                              static_cast<double>(rows.weight[r]) * static_cast<double>(columns.weight[c]);
        sum += weight * read.real(0, base + (plane * src[axes] + rows.at[r]) * src[axes + 1] + columns.at[c]);
      }
    }
  }
  return {sum, 0};
}

template <class R>
Scalar general_element(const op::RoiAlign& a, const Types& t, const R& read, int64_t linear) {
  const Shape& src = t.shape(0);
  const Dims at = unravel(linear, t.out.shape);
  const int64_t image = std::clamp<int64_t>(read.integer(2, at[0]), 0, src[0] - 1);
  auto corner = [&](int64_t i) { return static_cast<float>(read.real(1, at[0] * 4 + i)); };
  const op::RoiAxis x = op::roi_axis(a, corner(0), corner(2), a.width),
                    y = op::roi_axis(a, corner(1), corner(3), a.height);
  const int64_t base = (image * src[1] + at[1]) * src[2] * src[3];
  double sum = 0, best = 0;
  for (int64_t i = 0; i < y.points * x.points; ++i) {
    const op::RoiTaps v = op::roi_taps(y, at[2], i / x.points, src[2]),
                      u = op::roi_taps(x, at[3], i % x.points, src[3]);
    double part[4] = {};
    for (int k = 0; v.inside && u.inside && k < 4; ++k) {
      const double wy = k < 2 ? 1 - static_cast<double>(v.fraction) : static_cast<double>(v.fraction);
      const double wx = k % 2 == 0 ? 1 - static_cast<double>(u.fraction) : static_cast<double>(u.fraction);
      part[k] = wy * wx * read.real(0, base + (k < 2 ? v.low : v.high) * src[3] + (k % 2 == 0 ? u.low : u.high));
      sum += part[k];
    }
    const double largest = std::max(std::max(part[0], part[1]), std::max(part[2], part[3]));
    best = i == 0 ? largest : std::max(best, largest);
  }
  if (a.kind == op::PoolKind::max) return {best, 0};
  return {sum / static_cast<double>(std::max<int64_t>(y.points * x.points, 1)), 0};
}

/// All rows of the result, −1 where there is none.
template <class R>
std::vector<int64_t> selection(const op::NonMaxSuppression& a, const Types& t, const R& read) {
  const Shape& scores = t.shape(1);
  const int64_t n = scores[2];
  std::vector<float> boxes(static_cast<size_t>(4 * n)), line(static_cast<size_t>(n));
  std::vector<int32_t> order(line.size()), kept(static_cast<size_t>(std::min(a.most, n)));
  std::vector<int64_t> rows;
  for (int64_t image = 0; image < scores[0]; ++image) {
    for (int64_t i = 0; i < 4 * n; ++i)
      boxes[static_cast<size_t>(i)] = static_cast<float>(read.real(0, image * 4 * n + i));
    for (int64_t c = 0; c < scores[1]; ++c) {
      const int64_t first = (image * scores[1] + c) * n;
      for (int64_t i = 0; i < n; ++i) line[static_cast<size_t>(i)] = static_cast<float>(read.real(1, first + i));
      const int64_t count = op::suppress(a, boxes.data(), line.data(), n, order.data(), kept.data());
      for (int64_t k = 0; k < count; ++k) {
        for (int64_t v : {image, c, int64_t{kept[static_cast<size_t>(k)]}}) rows.push_back(v);
      }
    }
  }
  rows.resize(static_cast<size_t>(t.out.elements()), -1);
  return rows;
}

template <class R>
Scalar general_element(const op::NonMaxSuppression& a, const Types& t, const R& read, int64_t linear) {
  return {0, selection(a, t, read)[static_cast<size_t>(linear)]};
}

}  // namespace stretto::ref
