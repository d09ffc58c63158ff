// Inside quantize/: when values of a graph are read for the last time.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace stretto::quantize {

/// Nodes in order of execution, in chains that are computed at once: each member but the last is read by the next one
/// alone.
using Chains = std::vector<std::vector<ir::NodeId>>;

/// Of a graph with integer operators, in topological order: each integer product with the rescaling that alone reads
/// it, every other node by itself.
Chains chains_of(const ir::Graph& graph);

/// By chain: the values, no constants, that nothing reads after it: those that it makes and nobody reads, too.
std::vector<std::vector<ir::ValueId>> last_readings(const ir::Graph& graph, const Chains& chains);

/// The most bytes of values that are alive at once, inputs of the graph included.
int64_t most_alive(const ir::Graph& graph, const Chains& chains);

}  // namespace stretto::quantize
