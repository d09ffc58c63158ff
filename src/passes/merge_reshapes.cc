// A reshape of a reshape is one reshape.
#include "passes/match.h"
#include "passes/passes.h"

namespace stretto::passes {

Result<int> run_merge_reshapes(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    const auto* outer = as<op::Reshape>(graph, id);
    if (outer == nullptr) continue;
    ir::ValueId between = graph.node(id).inputs[0];
    if (made_by<op::Reshape>(graph, between) == nullptr) continue;
    ir::ValueId source = graph.node(graph.producer(between)).inputs[0];
    STRETTO_TRY(graph.replace_node(id, op::Reshape(*outer), {source}));
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
