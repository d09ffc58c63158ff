// A transpose of a transpose is one transpose, and a transpose that only moves axes of size one is a reshape.
#include "passes/match.h"
#include "passes/passes.h"

namespace stretto::passes {

namespace {

/// dst axis i is axis result[i] of the inner transpose's source.
Dims composed(const Dims& outer, const Dims& inner) {
  Dims result;
  for (int64_t axis : outer) result.push_back(inner[static_cast<int>(axis)]);
  return result;
}

bool keeps_order(const Dims& perm, const Shape& src) {
  int64_t last = -1;
  for (int64_t axis : perm) {
    if (src[static_cast<int>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

}  // namespace

Result<int> run_merge_transposes(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    const auto* outer = as<op::Transpose>(graph, id);
    if (outer == nullptr) continue;
    Dims perm = outer->perm;
    ir::ValueId source = graph.node(id).inputs[0];
    bool merged = false;
    if (const auto* inner = made_by<op::Transpose>(graph, source)) {
      perm = composed(perm, inner->perm);
      source = graph.node(graph.producer(source)).inputs[0];
      merged = true;
    }
    bool moves_nothing = keeps_order(perm, graph.value(source).type.shape);
    if (!merged && !moves_nothing) continue;
    op::Attrs attrs = op::Transpose{perm};
    if (moves_nothing) attrs = op::Reshape{output_type(graph, id).shape};
    STRETTO_TRY(graph.replace_node(id, std::move(attrs), {source}));
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
