// How a graph's nodes are computed: given by who calls, so that this room needs no kernels.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ir/graph.h"

namespace stretto::quantize {

/// Computes the last node of a chain from the values of outer_inputs(), dense, in that order.
using Compute = std::function<Result<Tensor>(std::span<const Tensor> inputs)>;
/// Makes a chain of nodes ready, each but the first reading the one before, which nothing else reads. Constants are
/// read now. The results of integer operators are those of ref, to the bit.
using Prepare = std::function<Result<Compute>(const ir::Graph& graph, std::span<const ir::NodeId> chain)>;

/// Samples by number, each a dense tensor for every input (or output) of a graph.
using SampleTensors = std::vector<std::vector<Tensor>>;

/// The values, no constants, that a chain reads from outside: in order of first reading, each once.
std::vector<ir::ValueId> outer_inputs(const ir::Graph& graph, std::span<const ir::NodeId> chain);

/// By ref, one element at a time: for tests.
Result<Compute> prepare_reference(const ir::Graph& graph, std::span<const ir::NodeId> chain);

}  // namespace stretto::quantize
