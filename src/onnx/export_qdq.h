// A quantised graph out, as ONNX that other runtimes read: integers become pairs of QuantizeLinear and
// DequantizeLinear around the operators of real numbers.
//
// Opset 13. Weights are initialisers of i8 with a DequantizeLinear, biases of i32 in units of both scales; a lookup is
// a Gather from its table. A runtime that computes on integers between such pairs computes the same integers, up to
// ties in rounding.
#pragma once

#include <string>

#include "base/status.h"
#include "ir/graph.h"

namespace stretto::onnx {

/// The file appears whole or not at all. Refuses, by the node's name, what Q/DQ form has no words for.
Status export_qdq(const ir::Graph& graph, const std::string& path);

}  // namespace stretto::onnx
