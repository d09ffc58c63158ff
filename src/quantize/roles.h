// Inside quantize/: the role of each node, by its operator.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "quantize/types.h"

namespace stretto::quantize {

/// By node id; removed nodes are `real`.
std::vector<NodeRole> roles_of(const ir::Graph& graph);

}  // namespace stretto::quantize
