#include "quantize/schemes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "op/integer.h"

namespace stretto::quantize {
namespace {

/// How a row-major tensor is cut along one axis: element i belongs to slice (i / inner) % slices.
struct Cut {
  int64_t slices = 1, inner = 1;
};

Cut cut_along(const Shape& shape, int axis) {
  Cut cut{shape[axis], 1};
  for (int i = axis + 1; i < shape.size(); ++i) cut.inner *= shape[i];
  return cut;
}

/// The scale that maps `span` onto `steps` steps.
Result<float> scale_of(double span, int32_t steps) {
  if (span == 0) return kScaleOfNothing;
  double scale = span / steps;
  if (scale > kLargestScale) {
    return bad_input(fmt::format(
        "a range {} wide cannot be quantised, the largest scale is {}; scale the model's values", span, kLargestScale));
  }
  return std::max(static_cast<float>(scale), kSmallestScale);
}

Result<Mapping> fit_affine(Range range, int32_t steps) {
  STRETTO_ASSIGN(float scale, scale_of(double{range.high} - range.low, steps));
  double zero = std::rint(-double{range.low} / scale);
  return Mapping{scale, static_cast<int32_t>(std::clamp(zero, 0.0, double(steps))), 0, steps};
}

}  // namespace

Result<Mapping> fit(Scheme scheme, Range range, int bits) {
  if (bits < 2 || bits > 8) return bad_usage(fmt::format("{} bits: an integer has 2 to 8", bits));
  if (!std::isfinite(range.low) || !std::isfinite(range.high) || range.low > range.high) {
    return bad_input(fmt::format("{} … {} is no range of numbers", range.low, range.high));
  }
  if (scheme == Scheme::one_sided && range.low < 0) {
    return bad_input(
        fmt::format("{} … {} has negative numbers, which a one-sided scheme has not", range.low, range.high));
  }
  range = {std::min(range.low, 0.f), std::max(range.high, 0.f)};
  const int32_t half = 1 << (bits - 1);
  const double largest = std::max(-double{range.low}, double{range.high});
  switch (scheme) {
    case Scheme::affine:
      return fit_affine(range, 2 * half - 1);
    case Scheme::one_sided: {
      STRETTO_ASSIGN(float scale, scale_of(largest, 2 * half - 1));
      return Mapping{scale, 0, 0, 2 * half - 1};
    }
    case Scheme::symmetric_full: {
      STRETTO_ASSIGN(float scale, scale_of(largest, half));
      return Mapping{scale, 0, -half, half - 1};
    }
    case Scheme::symmetric_restricted: {
      STRETTO_ASSIGN(float scale, scale_of(largest, half - 1));
      return Mapping{scale, 0, 1 - half, half - 1};
    }
  }
  return bad_usage("unknown scheme");
}

Mapping to_unsigned(Mapping mapping, int bits) {
  if (mapping.lowest >= 0) return mapping;
  const int32_t half = 1 << (bits - 1);
  return {mapping.scale, mapping.zero + half, mapping.lowest + half, mapping.highest + half};
}

int32_t to_integer(float x, const Mapping& mapping) {
  if (std::isnan(x)) return mapping.zero;
  return op::round_to_integer(x / mapping.scale, mapping.zero, mapping.lowest, mapping.highest);
}

float to_real(int32_t q, const Mapping& mapping) {
  return op::dequantize(q - mapping.zero, mapping.scale);
}

Result<std::vector<float>> channel_scales(const Tensor& weights, int axis, Scheme scheme, int bits) {
  STRETTO_CHECK(weights.dtype() == DType::f32 && axis >= 0 && axis < weights.shape().size());
  STRETTO_CHECK(scheme == Scheme::symmetric_full || scheme == Scheme::symmetric_restricted);
  const Cut cut = cut_along(weights.shape(), axis);
  std::vector<float> largest(static_cast<size_t>(cut.slices), 0.f);
  auto values = weights.as<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return bad_input(fmt::format("weight number {} is {}: weights must be finite numbers", i, values[i]));
    }
    float& most = largest[i / static_cast<size_t>(cut.inner) % static_cast<size_t>(cut.slices)];
    most = std::max(most, std::abs(values[i]));
  }
  for (float& v : largest) {
    STRETTO_ASSIGN(Mapping mapping, fit(scheme, {-v, v}, bits));
    v = mapping.scale;
  }
  return largest;
}

Tensor to_integers(const Tensor& weights, int axis, std::span<const float> scales, int32_t lowest, int32_t highest) {
  const Cut cut = cut_along(weights.shape(), axis);
  STRETTO_CHECK(static_cast<int64_t>(scales.size()) == cut.slices);
  Tensor out(TensorType{DType::i8, weights.shape()});
  auto from = weights.as<float>();
  auto to = out.as_mutable<int8_t>();
  for (size_t i = 0; i < from.size(); ++i) {
    float scale = scales[i / static_cast<size_t>(cut.inner) % static_cast<size_t>(cut.slices)];
    to[i] = static_cast<int8_t>(to_integer(from[i], {scale, 0, lowest, highest}));
  }
  return out;
}

}  // namespace stretto::quantize
