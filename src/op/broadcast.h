// NumPy's broadcasting of shapes.
#pragma once

#include <optional>

#include "base/tensor.h"

namespace stretto::op {

/// The common shape of a and b, or nothing where they disagree.
std::optional<Shape> broadcast_shapes(const Shape& a, const Shape& b);
/// Elements to move in a tensor of `shape` for one step along each axis of `result`, to which it broadcasts; 0 along
/// axes that repeat.
Dims broadcast_strides(const Shape& shape, const Shape& result);

}  // namespace stretto::op
