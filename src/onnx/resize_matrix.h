// Resize where our operator has no word for it (other axes, antialias, exclude_outside, cropping): axis by axis, a
// product with a matrix of weights, or a gather where elements are copied.
#pragma once

#include <vector>

#include "onnx/formula.h"

namespace stretto::onnx {

/// What the node asks for, one entry an axis of the source.
struct ResizeRequest {
  op::ResizeMode mode = op::ResizeMode::nearest;
  op::ResizeRounding rounding = op::ResizeRounding::round_prefer_floor;
  std::string coordinate;  // ONNX's name
  bool antialias = false, exclude_outside = false;
  float cubic_a = -0.75f, outside = 0;
  Dims sizes;
  std::vector<float> scales, crop_begin, crop_end;  // the crops are of tf_crop_and_resize, else empty
};

Operand resize_by_axis(Formula& f, Operand x, const ResizeRequest& request);

}  // namespace stretto::onnx
