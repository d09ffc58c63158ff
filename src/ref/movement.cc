#include "ref/movement.h"

#include <algorithm>

#include "op/broadcast.h"

namespace stretto::ref {

Affine affine_of(const op::Slice& a, const Types& t) {
  Affine affine;
  Dims strides = strides_of(t.shape(0));
  for (int i = 0; i < strides.size(); ++i) {
    affine.first += a.starts[i] * strides[i];
    affine.strides.push_back(a.steps[i] * strides[i]);
  }
  return affine;
}

Affine affine_of(const op::Transpose& a, const Types& t) {
  Affine affine;
  Dims strides = strides_of(t.shape(0));
  for (int64_t axis : a.perm) affine.strides.push_back(strides[static_cast<int>(axis)]);
  return affine;
}

Affine affine_of(const op::Expand&, const Types& t) {
  return {0, op::broadcast_strides(t.shape(0), t.out.shape)};
}

Source source_of(const Affine& affine, const Types& t, int64_t linear) {
  Dims at = unravel(linear, t.out.shape);
  Source source{0, affine.first};
  for (int i = 0; i < at.size(); ++i) source.linear += at[i] * affine.strides[i];
  return source;
}

Source source_of(const op::Concat& a, const Types& t, int64_t linear) {
  int axis = static_cast<int>(a.axis);
  int64_t inner = product(t.out.shape, axis + 1, t.out.shape.size());
  int64_t along = linear / inner % t.out.shape[axis], outer = linear / inner / t.out.shape[axis];
  int input = 0;
  while (along >= t.shape(input)[axis]) along -= t.shape(input++)[axis];
  return {input, (outer * t.shape(input)[axis] + along) * inner + linear % inner};
}

Source source_of(const op::Pad& a, const Types& t, int64_t linear) {
  const Shape& src = t.shape(0);
  Dims at = unravel(linear, t.out.shape);
  Source source;
  for (int i = 0; i < src.size(); ++i) {
    int64_t k = at[i] - a.pads[i], last = src[i] - 1;
    switch (a.mode) {
      case op::PadMode::constant:
        if (k < 0 || k > last) return {-1, 0};
        break;
      case op::PadMode::reflect:
        k = k < 0 ? -k : k > last ? 2 * last - k : k;
        break;
      case op::PadMode::edge:
        k = std::clamp<int64_t>(k, 0, last);
        break;
    }
    source.linear = source.linear * src[i] + k;
  }
  return source;
}

Source source_of(const op::Resize& a, const Types& t, int64_t linear) {
  ResizePoint p = resize_point(a, t.shape(0), linear);
  int64_t row = op::resize_nearest(a.rounding, p.y, p.h), column = op::resize_nearest(a.rounding, p.x, p.w);
  return {0, p.plane + row * p.w + column};
}

GatherPoint gather_point(const op::Gather& a, const Types& t, int64_t linear) {
  const Shape &data = t.shape(0), &indices = t.shape(1);
  int axis = static_cast<int>(a.axis);
  int64_t inner = product(data, axis + 1, data.size()), count = product(indices, 0, indices.size());
  return {linear / inner / count, linear / inner % count, linear % inner};
}

int64_t gathered(const op::Gather& a, const Types& t, const GatherPoint& p, int64_t value) {
  const Shape& data = t.shape(0);
  int axis = static_cast<int>(a.axis);
  int64_t inner = product(data, axis + 1, data.size()), size = data[axis];
  value = std::clamp<int64_t>(value < 0 ? value + size : value, 0, size - 1);
  return (p.outer * size + value) * inner + p.inner;
}

}  // namespace stretto::ref
