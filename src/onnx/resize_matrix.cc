#include "onnx/resize_matrix.h"

#include <algorithm>
#include <cmath>

namespace stretto::onnx {
namespace {

constexpr int64_t kMostWeights = int64_t{1} << 24;

struct Axis {
  int64_t in = 1, out = 1;
  double scale = 1, begin = 0, end = 1;
};

/// The coordinate in the input that output element `i` comes from.
double coordinate_of(const ResizeRequest& r, const Axis& a, int64_t i) {
  const auto x = static_cast<double>(i), in = static_cast<double>(a.in), out = static_cast<double>(a.out);
  if (r.coordinate == "asymmetric") return x / a.scale;
  if (r.coordinate == "align_corners") return a.out > 1 ? x * (in - 1) / (out - 1) : 0;
  if (r.coordinate == "pytorch_half_pixel" && a.out <= 1) return 0;
  if (r.coordinate == "tf_half_pixel_for_nn") return (x + 0.5) / a.scale;
  if (r.coordinate == "tf_crop_and_resize") {
    if (a.out <= 1) return 0.5 * (a.begin + a.end) * (in - 1);
    return a.begin * (in - 1) + x * (a.end - a.begin) * (in - 1) / (out - 1);
  }
  if (r.coordinate == "half_pixel_symmetric") {
    const double adjustment = out / (a.scale * in), centre = in / 2;
    return centre * (1 - adjustment) + (x + 0.5) / a.scale - 0.5;
  }
  return (x + 0.5) / a.scale - 0.5;
}

double rounded(op::ResizeRounding rounding, double x) {
  switch (rounding) {
    case op::ResizeRounding::round_prefer_floor:
      return std::ceil(x - 0.5);
    case op::ResizeRounding::round_prefer_ceil:
      return std::floor(x + 0.5);
    case op::ResizeRounding::floor:
      return std::floor(x);
    case op::ResizeRounding::ceil:
      return std::ceil(x);
  }
  return x;
}

/// The kernel at a distance from its centre: a triangle, or Keys' cubic (1981).
double kernel_at(const ResizeRequest& r, double distance) {
  const double d = std::fabs(distance), a = r.cubic_a;
  if (r.mode == op::ResizeMode::linear) return std::max(1 - d, 0.0);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/// Weights of the input's elements (rows) in the output's (columns).
Tensor weights_of(const ResizeRequest& r, const Axis& a) {
  Tensor tensor(TensorType{DType::f32, {a.in, a.out}});
  std::span<float> to = tensor.as_mutable<float>();
  const double stretch = r.antialias && a.scale < 1 ? a.scale : 1,
               reach = (r.mode == op::ResizeMode::linear ? 1 : 2) / stretch;
  std::vector<double> column(static_cast<size_t>(a.in));
  for (int64_t o = 0; o < a.out; ++o) {
    std::fill(column.begin(), column.end(), 0);
    const double x = coordinate_of(r, a, o);
    // Far outside, every tap is the same edge.
    const double at = std::clamp(x, -reach - 1, static_cast<double>(a.in) + reach);
    double sum = 0;
    for (auto i = static_cast<int64_t>(std::floor(at - reach)); static_cast<double>(i) <= at + reach; ++i) {
      const double w = kernel_at(r, (at - static_cast<double>(i)) * stretch);
      const bool outside = i < 0 || i >= a.in;
      if (outside && r.exclude_outside) continue;
      column[static_cast<size_t>(std::clamp<int64_t>(i, 0, a.in - 1))] += w;
      sum += w;
    }
    for (int64_t i = 0; i < a.in; ++i) {
      to[static_cast<size_t>(i * a.out + o)] = static_cast<float>(sum != 0 ? column[static_cast<size_t>(i)] / sum : 0);
    }
  }
  return tensor;
}

/// 1 where the coordinate lies in the input, as a list along `axis`.
Tensor inside_of(const ResizeRequest& r, const Axis& a, int axis, int rank) {
  Shape shape = Shape::filled(rank, 1);
  shape[axis] = a.out;
  Tensor tensor(TensorType{DType::boolean, shape});
  std::span<uint8_t> to = tensor.as_mutable<uint8_t>();
  for (int64_t o = 0; o < a.out; ++o) {
    const double x = coordinate_of(r, a, o);
    to[static_cast<size_t>(o)] = x >= 0 && x <= static_cast<double>(a.in - 1);
  }
  return tensor;
}

/// The axis as the last of a matrix, times the weights, and back.
Operand multiplied(Formula& f, Operand x, const ResizeRequest& r, const Axis& a, int axis) {
  if (a.in > kMostWeights / a.out) {
    f.fail(failed("a resize of this kind from " + std::to_string(a.in) + " to " + std::to_string(a.out) +
                  " elements is not supported"));
  }
  if (!f.ok()) return kAbsent;
  Dims perm;
  for (int i = 0; i < f.shape(x).size(); ++i) perm.push_back(i);
  std::swap(perm[axis], perm[perm.size() - 1]);
  return f.transpose(f.emit(op::MatMul{}, {f.transpose(x, perm), f.constant(weights_of(r, a))}), perm);
}

}  // namespace

Operand resize_by_axis(Formula& f, Operand x, const ResizeRequest& request) {
  if (!f.ok()) return kAbsent;
  const Shape src = f.shape(x);
  const DType type = f.dtype(x);
  const bool crops = request.coordinate == "tf_crop_and_resize", copies = request.mode == op::ResizeMode::nearest;
  if (!copies) x = f.cast(x, DType::f32);
  Operand inside = kAbsent;
  for (int i = 0; i < src.size() && f.ok(); ++i) {
    const auto at = static_cast<size_t>(i);
    const Axis a{src[i], request.sizes[i], request.scales[at], crops ? request.crop_begin[at] : 0,
                 crops ? request.crop_end[at] : 1};
    const bool cropped = crops && (a.begin != 0 || a.end != 1);
    if (a.in == a.out && a.scale == 1 && !cropped) continue;
    if (a.out > kMostWeights)
      f.fail(failed("a resize of this kind to " + std::to_string(a.out) + " elements is not supported"));
    if (!f.ok()) return kAbsent;
    if (copies) {
      std::vector<int64_t> from;
      for (int64_t o = 0; o < a.out; ++o) {
        const double v =
            std::clamp(rounded(request.rounding, coordinate_of(request, a, o)), 0.0, static_cast<double>(a.in - 1));
        from.push_back(static_cast<int64_t>(v));
      }
      x = f.emit(op::Gather{i}, {x, f.constant(Tensor::of<int64_t>(DType::i64, {a.out}, from))});
    } else {
      x = multiplied(f, x, request, a, i);
    }
    if (!crops) continue;
    Operand here = f.constant(inside_of(request, a, i, src.size()));
    inside = inside == kAbsent ? here : f.map(op::MapKind::bit_and, {inside, here});
  }
  if (inside != kAbsent) x = f.select(inside, x, f.like(x, request.outside));
  return f.cast(x, type);
}

}  // namespace stretto::onnx
