// Add, sub, mul, div by a constant per channel, and linear, into the weights and bias of the conv, conv_transpose or
// gemm before it.
#include "passes/affine.h"
#include "passes/passes.h"

namespace stretto::passes {

Result<int> run_fold_affine(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    auto affine = match_affine(graph, id);
    if (!affine) continue;
    STRETTO_ASSIGN(bool folded, fold_into_weights(graph, id, *affine));
    rewrites += folded;
  }
  return rewrites;
}

}  // namespace stretto::passes
