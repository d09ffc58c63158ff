// Nodes that read constants alone become constants.
#include <algorithm>

#include "passes/match.h"
#include "passes/passes.h"
#include "ref/ref.h"

namespace stretto::passes {

namespace {

constexpr size_t kLargeBytes = size_t{64} << 20;
/// The oracle is slow: what it would compute for minutes is left to the plan.
constexpr double kMostFlops = 2e8;

bool worth_folding(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& n = graph.node(id);
  // lower_quantized makes integer products of these, and folds what is left.
  if (std::holds_alternative<op::Dequantize>(n.attrs)) return false;
  size_t input_bytes = 0;
  for (ir::ValueId v : n.inputs) {
    if (!graph.value(v).is_constant()) return false;
    input_bytes += graph.value(v).type.bytes();
  }
  const TensorType& out = output_type(graph, id);
  if (out.bytes() > kLargeBytes && out.bytes() > input_bytes) return false;
  return op::flops(n.attrs, graph.input_types(id), out) <= kMostFlops;
}

}  // namespace

Result<int> run_fold_constants(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    if (!worth_folding(graph, id)) continue;
    std::vector<Tensor> inputs;
    for (ir::ValueId v : graph.node(id).inputs) inputs.push_back(graph.value(v).constant);
    auto value = ref::evaluate(graph.node(id).attrs, inputs);
    if (!value.ok()) return value.status().in("node '" + graph.node(id).name + "'");
    graph.make_constant(id, std::move(*value));
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
