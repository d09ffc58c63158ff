// Inside quantize/: the layers of a quantised network that round, each with what it stands for in the floats.
#pragma once

#include "quantize/apply.h"

namespace stretto::quantize {

enum class LayerKind : uint8_t {
  rounding,  // of a value that is computed in floating point, or of an input of the graph
  product,   // with the addition and the activation that its requantisation takes in
  addition,
  average,
  table,
};

/// What moves integers as they are adds no error, and is none.
struct IntegerLayer {
  LayerKind kind = LayerKind::rounding;
  ir::ValueId value = ir::kNone;   // of the graph of floats: its result
  std::vector<ir::NodeId> floats;  // there: the nodes that compute it, first to last; none of a `rounding`
  std::vector<ir::NodeId> chain;   // of the quantised graph: what is computed at once
  bool bytes = true;               // its result is rounded; else it is real numbers of exact sums
};

/// In the order of the graph of floats, which `quantised` was made of (equalised by the recipe).
std::vector<IntegerLayer> integer_layers(const ir::Graph& floats, const Quantised& quantised);

}  // namespace stretto::quantize
