// Nodes with equal attributes and equal inputs compute one value: the first serves the readers of all.
#include <unordered_map>

#include "passes/match.h"
#include "passes/passes.h"

namespace stretto::passes {

Result<int> run_merge_duplicates(ir::Graph& graph) {
  int rewrites = 0;
  std::unordered_map<std::string, ir::NodeId> first;
  for (ir::NodeId id : graph.topological_order()) {
    std::string key = op::to_string(graph.node(id).attrs);
    for (ir::ValueId v : graph.node(id).inputs) key += " " + std::to_string(v);
    auto [it, is_new] = first.emplace(std::move(key), id);
    if (is_new) continue;
    ir::ValueId kept = graph.node(it->second).output, other = graph.node(id).output;
    if (!graph.can_replace(other, kept)) continue;
    graph.replace_uses(other, kept);
    graph.remove_node(id);
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
