// Inside onnx/: what one step of an integer tensor is worth.
//
// A graph of integers knows ratios of scales. Where nothing says what a step of a tensor is worth, it is taken as 1:
// the scales of the weights before it make up for that.
#pragma once

#include <vector>

#include "base/status.h"
#include "ir/graph.h"

namespace stretto::onnx {

using Scales = std::vector<float>;

/// How an integer tensor becomes real numbers: (integers − zero) · scales.
struct Reading {
  Scales scales;
  int64_t zero = 0;
};

inline bool is_byte(DType type) {
  return type == DType::u8 || type == DType::i8;
}

/// The numbers of a constant of f32.
Result<Scales> constant_scales(const ir::Graph& graph, ir::ValueId id);
/// A step of a tensor of bytes: as its maker says, or its first reader, or 1.
float step_of(const ir::Graph& graph, ir::ValueId id);
/// How the first reader takes a sum of i32, or what it is reshaped to.
Result<Reading> first_reading(const ir::Graph& graph, ir::ValueId id, int depth = 4);

}  // namespace stretto::onnx
