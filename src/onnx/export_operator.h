// Inside onnx/: operators that are not about quantisation, written as ONNX.
#pragma once

#include "ir/graph.h"
#include "onnx/model_writer.h"

namespace stretto::onnx {

/// Writes the node, whose inputs have these names in the model, as `output`. Refuses operators of integers.
Status export_operator(ModelWriter& model, const ir::Graph& graph, ir::NodeId id,
                       const std::vector<std::string>& inputs, const std::string& output);

}  // namespace stretto::onnx
