// Windows that slide over the spatial axes: strides, dilations and explicit pads out of ONNX's attributes.
#pragma once

#include "onnx/node_context.h"

namespace stretto::onnx {

struct Window {
  Dims strides, dilations, pads;
  bool auto_pad = false;  // pads were computed; ceil_mode then has no meaning
};

/// Reads strides, dilations, pads and auto_pad for a kernel over the axes of `src` after N and C.
Result<Window> read_window(NodeContext& n, const Shape& src, const Dims& kernel);

/// Attributes of Conv for these operands (read_conv), of a pool over `src` (read_pool), of one over all of it
/// (global_pool).
Result<op::Conv> read_conv(NodeContext& n, Operand src, Operand weights);
Result<op::Pool> read_pool(NodeContext& n, Operand src, op::PoolKind kind);
op::Reduce global_pool(NodeContext& n, Operand src, op::ReduceKind kind);

}  // namespace stretto::onnx
