// Resize and Upsample: axis by axis where our operator has no word for it (resize_matrix.h), else brought to the last
// two axes of N,C,H,W by reshapes and transposes where they name others.
#include <algorithm>
#include <cmath>

#include "onnx/operators.h"
#include "onnx/resize_matrix.h"

namespace stretto::onnx {
namespace {

/// One entry an axis of the source.
struct Target {
  Dims sizes;
  std::vector<float> scales;
};

constexpr float kLargestScale = 1e6f;

Result<Target> from_scales(const Shape& src, const std::vector<float>& scales, const Dims& axes) {
  if (scales.size() != static_cast<size_t>(axes.size())) {
    return bad_input(std::to_string(scales.size()) + " scales for " + std::to_string(axes.size()) + " axes");
  }
  Target target{src, std::vector<float>(static_cast<size_t>(src.size()), 1.0f)};
  for (int i = 0; i < axes.size(); ++i) {
    const float scale = scales[static_cast<size_t>(i)];
    const int axis = static_cast<int>(axes[i]);
    if (!(scale > 0) || scale > kLargestScale) return bad_input("scale " + std::to_string(scale) + " is out of range");
    target.scales[static_cast<size_t>(axis)] = scale;
    target.sizes[axis] = static_cast<int64_t>(std::floor(static_cast<float>(src[axis]) * scale));
  }
  return target;
}

Result<Target> from_sizes(NodeContext& n, const Shape& src, Dims sizes, const Dims& axes, bool literal) {
  if (sizes.size() != axes.size()) {
    return bad_input(std::to_string(sizes.size()) + " sizes for " + std::to_string(axes.size()) + " axes");
  }
  Target target{src, std::vector<float>(static_cast<size_t>(src.size()), 1.0f)};
  const BatchChange batch = n.batch();
  for (int i = 0; i < axes.size(); ++i) {
    const int axis = static_cast<int>(axes[i]);
    if (axis == 0 && literal && batch.changed() && sizes[i] == batch.from && src[0] == batch.to) sizes[i] = src[0];
    if (sizes[i] < 1 || src[axis] < 1) return bad_input("sizes " + to_string(sizes) + " are out of range");
    target.sizes[axis] = sizes[i];
    target.scales[static_cast<size_t>(axis)] = static_cast<float>(sizes[i]) / static_cast<float>(src[axis]);
  }
  return target;
}

/// The axes the operator resizes must be the last two of four: adds axes, or moves the channels.
Status finish_resize(NodeContext& n, op::Resize attrs, const Target& target) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(src);
  const int rank = shape.size();
  Dims changed;
  for (int i = 0; i < rank; ++i) {
    if (target.scales[static_cast<size_t>(i)] != 1.0f || target.sizes[i] != shape[i]) changed.push_back(i);
  }
  if (changed.empty()) return n.bind(0, src);
  const int first = static_cast<int>(changed[0]), last = static_cast<int>(changed.back());
  if (rank == 4 && first >= 1 && last <= 2 && first <= 1) {
    attrs.sizes = {shape[0], shape[3], target.sizes[1], target.sizes[2]};
    attrs.scale_h = target.scales[1];
    attrs.scale_w = target.scales[2];
    STRETTO_ASSIGN(Operand planes, n.emit(op::Transpose{{0, 3, 1, 2}}, {src}, "to_nchw"));
    STRETTO_ASSIGN(Operand resized, n.emit(attrs, {planes}, "resize"));
    return n.finish(op::Transpose{{0, 2, 3, 1}}, {resized});
  }
  if (rank < 1 || first < rank - 2) {
    return failed("resizing other axes than the last two of " + to_string(n.type(src)) + " is not supported");
  }
  attrs.scale_w = target.scales[static_cast<size_t>(rank - 1)];
  attrs.scale_h = rank >= 2 ? target.scales[static_cast<size_t>(rank - 2)] : 1.0f;
  if (rank == 4) {
    attrs.sizes = target.sizes;
    return n.finish(attrs, {src});
  }
  // All axes before the last two become one.
  int64_t planes = 1;
  for (int i = 0; i + 2 < rank; ++i) planes *= shape[i];
  attrs.sizes = {1, planes, rank >= 2 ? target.sizes[rank - 2] : 1, target.sizes[rank - 1]};
  Shape as_image{1, planes, rank >= 2 ? shape[rank - 2] : 1, shape[rank - 1]};
  STRETTO_ASSIGN(Operand image, n.emit(op::Reshape{as_image}, {src}, "image"));
  STRETTO_ASSIGN(Operand resized, n.emit(attrs, {image}, "resize"));
  return n.finish(op::Reshape{target.sizes}, {resized});
}

Result<op::ResizeMode> read_mode(NodeContext& n) {
  const std::string mode = n.text("mode", "nearest");
  if (mode == "nearest") return op::ResizeMode::nearest;
  if (mode == "linear" || mode == "bilinear") return op::ResizeMode::linear;
  if (mode == "cubic") return op::ResizeMode::cubic;
  return failed("mode '" + mode + "' is not supported");
}

/// Upsample, and Resize of opset 10, which is Upsample for smaller sizes too: coordinates divide by the scale.
Status finish_asymmetric(NodeContext& n, const std::vector<float>& scales) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  op::Resize attrs;
  STRETTO_ASSIGN(attrs.mode, read_mode(n));
  if (attrs.mode == op::ResizeMode::cubic) return failed("mode 'cubic' is not supported before opset 11");
  attrs.coordinate = op::ResizeCoordinate::asymmetric;
  attrs.rounding = op::ResizeRounding::floor;
  Dims axes;
  for (int i = 0; i < n.shape(src).size(); ++i) axes.push_back(i);
  STRETTO_ASSIGN(Target target, from_scales(n.shape(src), scales, axes));
  // The standard leaves the rounding open; ONNX Runtime rounds up where the picture shrinks.
  auto shrinks = [](float s) { return s < 1; };
  auto grows = [](float s) { return s > 1; };
  if (std::any_of(scales.begin(), scales.end(), shrinks) && std::none_of(scales.begin(), scales.end(), grows)) {
    attrs.rounding = op::ResizeRounding::ceil;
  }
  return finish_resize(n, attrs, target);
}

/// half_pixel_symmetric is half_pixel where scale · size is a whole number.
bool whole_sizes(const Shape& src, const Target& target) {
  for (int i = 0; i < src.size(); ++i) {
    const double exact = static_cast<double>(src[i]) * static_cast<double>(target.scales[static_cast<size_t>(i)]);
    if (std::fabs(exact - static_cast<double>(target.sizes[i])) > 1e-4) return false;
  }
  return true;
}

Status read_rounding(NodeContext& n, op::Resize& attrs) {
  const std::string mode = n.text("nearest_mode", "round_prefer_floor");
  if (mode == "round_prefer_floor") {
    attrs.rounding = op::ResizeRounding::round_prefer_floor;
  } else if (mode == "round_prefer_ceil") {
    attrs.rounding = op::ResizeRounding::round_prefer_ceil;
  } else if (mode == "floor") {
    attrs.rounding = op::ResizeRounding::floor;
  } else if (mode == "ceil") {
    attrs.rounding = op::ResizeRounding::ceil;
  } else {
    return bad_input("nearest_mode '" + mode + "' is unknown");
  }
  return {};
}

Status read_coordinate(NodeContext& n, const Shape& src, const Target& target, op::Resize& attrs) {
  const std::string mode = n.text("coordinate_transformation_mode", "half_pixel");
  if (mode == "half_pixel" || (mode == "half_pixel_symmetric" && whole_sizes(src, target))) {
    attrs.coordinate = op::ResizeCoordinate::half_pixel;
  } else if (mode == "pytorch_half_pixel") {
    attrs.coordinate = op::ResizeCoordinate::pytorch_half_pixel;
  } else if (mode == "align_corners") {
    attrs.coordinate = op::ResizeCoordinate::align_corners;
  } else if (mode == "asymmetric") {
    attrs.coordinate = op::ResizeCoordinate::asymmetric;
  } else if (mode == "tf_half_pixel_for_nn" && attrs.mode == op::ResizeMode::nearest &&
             attrs.rounding == op::ResizeRounding::floor) {
    // floor((x + ½) / s) is half_pixel's coordinate rounded half up.
    attrs.coordinate = op::ResizeCoordinate::half_pixel;
    attrs.rounding = op::ResizeRounding::round_prefer_ceil;
  } else {
    return failed("coordinate_transformation_mode '" + mode + "' is not supported here");
  }
  return {};
}

/// sizes under a keep_aspect_ratio_policy: one scale for all axes, the smallest or largest that they ask for.
void keep_aspect(const std::string& policy, const Shape& src, const Dims& axes, Target& target) {
  float scale = 0;
  for (int64_t axis : axes) {
    const float s = target.scales[static_cast<size_t>(axis)];
    const bool better = policy == "not_larger" ? s < scale : s > scale;
    if (scale == 0 || better) scale = s;
  }
  for (int64_t axis : axes) {
    target.scales[static_cast<size_t>(axis)] = scale;
    const int i = static_cast<int>(axis);
    target.sizes[i] = static_cast<int64_t>(std::floor(static_cast<double>(scale) * static_cast<double>(src[i]) + 0.5));
  }
}

Result<Target> read_target(NodeContext& n, const Shape& src) {
  Dims axes;
  for (int i = 0; i < src.size(); ++i) axes.push_back(i);
  if (n.opset() >= 18 && n.has("axes")) {
    Dims given = *n.integers("axes");
    STRETTO_TRY(normalise_axes(given, src.size()).status());
    axes = {};
    for (int64_t axis : given) axes.push_back(axis < 0 ? axis + src.size() : axis);
  }
  if (n.has_input(2)) {
    STRETTO_ASSIGN(std::vector<float> scales, n.known_reals(2));
    if (!scales.empty()) return from_scales(src, scales, axes);
  }
  if (!n.has_input(3)) return bad_input("neither scales nor sizes are given");
  const std::string policy = n.text("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch" && policy != "not_larger" && policy != "not_smaller") {
    return bad_input("keep_aspect_ratio_policy '" + policy + "' is unknown");
  }
  STRETTO_ASSIGN(Dims sizes, n.known_integers(3));
  STRETTO_ASSIGN(Target target, from_sizes(n, src, sizes, axes, n.is_literal(n.input(3))));
  if (policy != "stretch") keep_aspect(policy, src, axes, target);
  return target;
}

/// Whether only the last two axes change, or H and W of N,H,W,C.
bool is_planar(const Shape& src, const Target& target) {
  int first = src.size(), last = -1;
  for (int i = 0; i < src.size(); ++i) {
    if (target.scales[static_cast<size_t>(i)] == 1.0f && target.sizes[i] == src[i]) continue;
    first = std::min(first, i);
    last = i;
  }
  return last < 0 || first >= src.size() - 2 || (src.size() == 4 && first >= 1 && last <= 2);
}

/// roi's entries by axis.
Status read_crops(NodeContext& n, const Shape& src, ResizeRequest& request) {
  STRETTO_ASSIGN(std::vector<float> roi, n.known_reals(1));
  Dims axes;
  for (int i = 0; i < src.size(); ++i) axes.push_back(i);
  if (n.opset() >= 18 && n.has("axes")) axes = *n.integers("axes");
  const auto count = static_cast<size_t>(axes.size());
  if (roi.size() != 2 * count) return bad_input("roi has " + std::to_string(roi.size()) + " numbers");
  request.crop_begin.assign(static_cast<size_t>(src.size()), 0);
  request.crop_end.assign(static_cast<size_t>(src.size()), 1);
  for (size_t i = 0; i < count; ++i) {
    STRETTO_ASSIGN(int64_t axis, normalise_axis(axes[static_cast<int>(i)], src.size()));
    if (!std::isfinite(roi[i]) || !std::isfinite(roi[i + count])) return bad_input("roi must be finite");
    request.crop_begin[static_cast<size_t>(axis)] = roi[i];
    request.crop_end[static_cast<size_t>(axis)] = roi[i + count];
  }
  return {};
}

Status finish_by_axis(NodeContext& n, const op::Resize& attrs, const Target& target, const std::string& coordinate) {
  ResizeRequest request;
  request.mode = attrs.mode;
  request.rounding = attrs.rounding;
  request.coordinate = coordinate;
  request.antialias = n.flag("antialias", false) && attrs.mode != op::ResizeMode::nearest;
  request.exclude_outside = n.flag("exclude_outside", false);
  request.cubic_a = attrs.cubic_a;
  request.outside = n.real("extrapolation_value", 0);
  request.sizes = target.sizes;
  request.scales = target.scales;
  for (int64_t size : target.sizes) {
    if (size < 1 || size >= (int64_t{1} << 31))
      return bad_input("sizes " + to_string(target.sizes) + " are out of range");
  }
  if (coordinate == "tf_crop_and_resize") STRETTO_TRY(read_crops(n, n.shape(n.input(0)), request));
  Formula f(n);
  return f.bind(resize_by_axis(f, n.input(0), request));
}

}  // namespace

Status import_upsample(NodeContext& n) {
  if (n.opset() < 9) return finish_asymmetric(n, n.reals("scales"));
  STRETTO_ASSIGN(std::vector<float> scales, n.known_reals(1));
  return finish_asymmetric(n, scales);
}

Status import_resize(NodeContext& n) {
  if (n.opset() < 11) {
    STRETTO_ASSIGN(std::vector<float> scales, n.known_reals(1));
    return finish_asymmetric(n, scales);
  }
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(src);
  op::Resize attrs;
  STRETTO_ASSIGN(attrs.mode, read_mode(n));
  attrs.cubic_a = n.real("cubic_coeff_a", -0.75f);
  STRETTO_ASSIGN(Target target, read_target(n, shape));
  STRETTO_TRY(read_rounding(n, attrs));
  const std::string coordinate = n.text("coordinate_transformation_mode", "half_pixel");
  const bool smooth = attrs.mode != op::ResizeMode::nearest;
  const bool filters = smooth && (n.flag("antialias", false) || n.flag("exclude_outside", false));
  const bool other = coordinate == "tf_crop_and_resize" || (coordinate == "tf_half_pixel_for_nn" && smooth) ||
                     (coordinate == "half_pixel_symmetric" && !whole_sizes(shape, target)) ||
                     (coordinate == "tf_half_pixel_for_nn" && attrs.rounding != op::ResizeRounding::floor);
  if (filters || other || !is_planar(shape, target)) {
    if (!other) STRETTO_TRY(read_coordinate(n, shape, target, attrs));
    return finish_by_axis(n, attrs, target, coordinate);
  }
  STRETTO_TRY(read_coordinate(n, shape, target, attrs));
  return finish_resize(n, attrs, target);
}

}  // namespace stretto::onnx
