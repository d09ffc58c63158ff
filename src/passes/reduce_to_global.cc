// One form for what reduces whole axes: a reduce with keepdims, and a reshape after it where the axes are dropped. A
// pool whose one window is the whole input is such a reduce.
#include "passes/match.h"
#include "passes/passes.h"

namespace stretto::passes {

namespace {

std::optional<op::Reduce> global_pool(const ir::Graph& graph, ir::NodeId id) {
  const auto* pool = as<op::Pool>(graph, id);
  if (pool == nullptr) return std::nullopt;
  const Shape& src = graph.value(graph.node(id).inputs[0]).type.shape;
  int spatial = src.size() - 2;
  op::Reduce reduce{pool->kind == op::PoolKind::max ? op::ReduceKind::max : op::ReduceKind::mean, {}, true};
  for (int i = 0; i < spatial; ++i) {
    bool whole =
        pool->kernel[i] == src[2 + i] && pool->dilations[i] == 1 && pool->pads[i] == 0 && pool->pads[spatial + i] == 0;
    if (!whole) return std::nullopt;
    reduce.axes.push_back(2 + i);
  }
  return reduce;
}

}  // namespace

Result<int> run_reduce_to_global(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    if (graph.node(id).inputs.empty()) continue;
    ir::ValueId source = graph.node(id).inputs[0];
    if (auto reduce = global_pool(graph, id); reduce && fits(graph, id, *reduce, {source})) {
      STRETTO_TRY(graph.replace_node(id, *reduce, {source}));
      ++rewrites;
      continue;
    }
    const auto* reduce = as<op::Reduce>(graph, id);
    if (reduce == nullptr || reduce->keepdims || reduce->axes.empty()) continue;
    op::Reduce kept = *reduce;
    kept.keepdims = true;
    ir::NodeId made = graph.node_count();
    STRETTO_ASSIGN(ir::ValueId whole, graph.add_node(graph.node(id).name + "_reshape", kept, {source}));
    STRETTO_TRY(graph.replace_node(id, op::Reshape{output_type(graph, id).shape}, {whole}));
    graph.swap_node_names(id, made);
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
