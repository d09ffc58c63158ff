// BatchNorm with constant statistics: into the weights of the operator before it, else a mul and an add by channel.
#include "passes/affine.h"
#include "passes/passes.h"

namespace stretto::passes {

Result<int> run_fold_batch_norm(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    if (as<op::BatchNorm>(graph, id) == nullptr) continue;
    auto affine = match_affine(graph, id);
    if (!affine) continue;
    ++rewrites;
    STRETTO_ASSIGN(bool folded, fold_into_weights(graph, id, *affine));
    if (folded) continue;
    const std::string name = graph.node(id).name;
    int rank = output_type(graph, id).shape.size();
    ir::ValueId scale = graph.add_constant(name + "_scale", channel_constant(affine->scale, rank));
    ir::ValueId shift = graph.add_constant(name + "_shift", channel_constant(affine->shift, rank));
    STRETTO_ASSIGN(ir::ValueId product,
                   graph.add_node(name + "_mul", op::Binary{op::BinaryKind::mul}, {affine->x, scale}));
    STRETTO_TRY(graph.replace_node(id, op::Binary{op::BinaryKind::add}, {product, shift}));
  }
  return rewrites;
}

}  // namespace stretto::passes
