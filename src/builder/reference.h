// The model as written, computed node by node by the portable kernels: what plans are verified against and compared to.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ir/graph.h"
#include "onnx/import.h"
#include "plan/plan.h"

namespace stretto {

/// A program for `graph` with one step a node, plain layouts and the generic kernels alone; tensors keep the graph's
/// names.
Result<std::shared_ptr<const plan::Plan>> compile_reference(const ir::Graph& graph, int threads);

/// Reads a model and compiles its reference for the input shapes given (every input of a plan's program).
Result<std::shared_ptr<const plan::Plan>> build_reference(const std::string& model,
                                                          const std::vector<std::pair<std::string, Dims>>& shapes,
                                                          int threads);

}  // namespace stretto
