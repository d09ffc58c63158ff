// GridSample, AffineGrid and RoiAlign.
#include "onnx/formula.h"
#include "onnx/operators.h"

namespace stretto::onnx {

Status import_grid_sample(NodeContext& n) {
  const std::string mode = n.text("mode", n.opset() < 20 ? "bilinear" : "linear");
  const std::string padding = n.text("padding_mode", "zeros");
  op::GridSample attrs;
  attrs.align_corners = n.flag("align_corners", false);
  if (mode == "bilinear" || mode == "linear") {
    attrs.mode = op::GridMode::linear;
  } else if (mode == "nearest") {
    attrs.mode = op::GridMode::nearest;
  } else if (mode == "bicubic" || mode == "cubic") {
    attrs.mode = op::GridMode::cubic;
  } else {
    return bad_input("mode '" + mode + "' is unknown");
  }
  if (padding == "zeros") {
    attrs.padding = op::GridPadding::zeros;
  } else if (padding == "border") {
    attrs.padding = op::GridPadding::border;
  } else if (padding == "reflection") {
    attrs.padding = op::GridPadding::reflection;
  } else {
    return bad_input("padding_mode '" + padding + "' is unknown");
  }
  return n.finish(attrs, {n.input(0), n.input(1)});
}

/// The grid of a picture of known size, in homogeneous coordinates, times the transform of each image.
Status import_affine_grid(NodeContext& n) {
  Operand theta = n.input(0);
  STRETTO_ASSIGN(Dims size, n.known_integers(1));
  STRETTO_TRY(n.mistakes());
  const int axes = size.size() - 2;
  if ((axes != 2 && axes != 3) || n.shape(theta) != Shape{size[0], axes, axes + 1}) {
    return bad_input("theta " + to_string(n.type(theta)) + " does not fit size " + to_string(size));
  }
  Shape grid;
  for (int i = 0; i < axes; ++i) grid.push_back(size[2 + i]);
  std::optional<int64_t> points = checked_elements(grid);
  if (!points || *points < 1 || *points > (int64_t{1} << 22)) return bad_input("size is out of range");
  Tensor base(TensorType{DType::f32, {*points, axes + 1}});
  std::span<float> to = base.as_mutable<float>();
  const bool corners = n.flag("align_corners", false);
  for (int64_t p = 0; p < *points; ++p) {
    int64_t rest = p;
    for (int i = axes; i-- > 0; rest /= grid[i]) {
      const auto at = static_cast<float>(rest % grid[i]), count = static_cast<float>(grid[i]);
      const float x = corners ? (grid[i] > 1 ? 2 * at / (count - 1) - 1 : -1) : (2 * at + 1) / count - 1;
      to[static_cast<size_t>(p * (axes + 1) + axes - 1 - i)] = x;
    }
    to[static_cast<size_t>(p * (axes + 1) + axes)] = 1;
  }
  Shape result{size[0]};
  for (int64_t d : grid) result.push_back(d);
  result.push_back(axes);
  Formula f(n);
  return f.bind(f.reshape(f.emit(op::MatMul{}, {f.constant(base), f.transpose(theta, {0, 2, 1})}), result));
}

Status import_roi_align(NodeContext& n) {
  op::RoiAlign attrs;
  const std::string mode = n.text("mode", "avg");
  const std::string pixel =
      n.text("coordinate_transformation_mode", n.opset() < 16 ? "output_half_pixel" : "half_pixel");
  if (mode != "avg" && mode != "max") return bad_input("mode '" + mode + "' is unknown");
  if (pixel != "half_pixel" && pixel != "output_half_pixel") {
    return bad_input("coordinate_transformation_mode '" + pixel + "' is unknown");
  }
  attrs.kind = mode == "max" ? op::PoolKind::max : op::PoolKind::average;
  attrs.half_pixel = pixel == "half_pixel";
  attrs.height = n.integer("output_height", 1);
  attrs.width = n.integer("output_width", 1);
  attrs.sampling = n.integer("sampling_ratio", 0);
  attrs.scale = n.real("spatial_scale", 1);
  if (attrs.sampling < 0 || attrs.sampling > 64) return failed("sampling_ratio must be 0 to 64");
  return n.finish(attrs, {n.input(0), n.input(1), n.input(2)});
}

}  // namespace stretto::onnx
