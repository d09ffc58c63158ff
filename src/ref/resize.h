// Inside ref/: Resize where it interpolates; mode nearest moves elements (movement.h).
#pragma once

#include "op/resize_map.h"
#include "ref/indexing.h"
#include "ref/values.h"

namespace stretto::ref {

/// An output element of Resize: its plane's first input element, the input's height and width, and the coordinates.
struct ResizePoint {
  int64_t plane = 0, h = 0, w = 0;
  float y = 0, x = 0;
};
inline ResizePoint resize_point(const op::Resize& a, const Shape& src, int64_t linear) {
  int64_t oh = a.sizes[2], ow = a.sizes[3], column = linear % ow, row = linear / ow % oh;
  return {linear / ow / oh * src[2] * src[3], src[2], src[3],
          op::resize_coordinate(a.coordinate, row, src[2], oh, a.scale_h),
          op::resize_coordinate(a.coordinate, column, src[3], ow, a.scale_w)};
}

template <class R>
double resize_linear_at(const ResizePoint& p, const R& read) {
  op::ResizeLinear v = op::resize_linear(p.y, p.h), u = op::resize_linear(p.x, p.w);
  double fy = v.fraction, fx = u.fraction;
  double top = (1 - fx) * read.real(0, p.plane + v.first * p.w + u.first) +
               fx * read.real(0, p.plane + v.first * p.w + u.second);
  double bottom = (1 - fx) * read.real(0, p.plane + v.second * p.w + u.first) +
                  fx * read.real(0, p.plane + v.second * p.w + u.second);
  return (1 - fy) * top + fy * bottom;
}

template <class R>
double resize_cubic_at(const ResizePoint& p, float a, const R& read) {
  op::ResizeCubic v = op::resize_cubic(p.y, p.h, a), u = op::resize_cubic(p.x, p.w, a);
  double sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    double row = 0;
    for (size_t j = 0; j < 4; ++j) row += u.weight[j] * read.real(0, p.plane + v.at[i] * p.w + u.at[j]);
    sum += v.weight[i] * row;
  }
  return sum;
}

/// Precondition: a.mode is not nearest.
template <class V, class R>
V compute(const op::Resize& a, const Types& t, const R& read, int64_t linear) {
  ResizePoint p = resize_point(a, t.shape(0), linear);
  return a.mode == op::ResizeMode::linear ? resize_linear_at(p, read) : resize_cubic_at(p, a.cubic_a, read);
}

}  // namespace stretto::ref
