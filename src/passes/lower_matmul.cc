// A matmul of two matrices with a constant right side is a gemm, which takes a bias.
#include "passes/match.h"
#include "passes/passes.h"

namespace stretto::passes {

Result<int> run_lower_matmul(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    if (as<op::MatMul>(graph, id) == nullptr) continue;
    const auto& in = graph.node(id).inputs;
    const ir::Value& left = graph.value(in[0]);
    const ir::Value& right = graph.value(in[1]);
    if (left.type.shape.size() != 2 || right.type.shape.size() != 2 || !right.is_constant()) continue;
    STRETTO_TRY(graph.replace_node(id, op::Gemm{}, std::vector<ir::ValueId>(in)));
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
