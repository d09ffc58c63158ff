// Inside quantize/: whether a recipe speaks of this graph.
#pragma once

#include "quantize/types.h"

namespace stretto::quantize {

/// Every name is one of the graph, of a value or node that the statement can be about, and every count fits.
Status check_names(const ir::Graph& graph, const TypePlan& plan, const Recipe& recipe);

}  // namespace stretto::quantize
