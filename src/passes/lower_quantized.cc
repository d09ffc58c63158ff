// A network quantised elsewhere: dequantisation, real numbers, quantisation. Integers take the place of what lies
// between wherever integer operators compute the same. What is left stays on real numbers, which is right as well.
#include <array>

#include "passes/passes.h"
#include "passes/quantized.h"
#include "ref/ref.h"

namespace stretto::passes {

namespace {

bool has_conversions(const ir::Graph& graph) {
  for (ir::NodeId id = 0; id < graph.node_count(); ++id) {
    if (as<op::Quantize>(graph, id) != nullptr || as<op::Dequantize>(graph, id) != nullptr) return true;
  }
  return false;
}

}  // namespace

Result<int> fold_dequantized(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    if (as<op::Dequantize>(graph, id) == nullptr) continue;
    const ir::Node& n = graph.node(id);
    const ir::Value &src = graph.value(n.inputs[0]), &scales = graph.value(n.inputs[1]);
    if (!src.is_constant() || !scales.is_constant()) continue;
    STRETTO_ASSIGN(Tensor real, ref::evaluate(n.attrs, std::array{src.constant, scales.constant}));
    graph.make_constant(id, std::move(real));
    ++rewrites;
  }
  return rewrites;
}

Result<int> run_lower_quantized(ir::Graph& graph) {
  if (!has_conversions(graph)) return 0;
  // Sources become u8 before products ask for it; products exist before quantisations look for them.
  constexpr auto kStages = std::array{shift_signed,     sink_dequantize, lower_products,  hoist_quantize,
                                      merge_requantize, merge_lookups,   fold_dequantized};
  int rewrites = 0;
  for (auto* stage : kStages) {
    STRETTO_ASSIGN(int count, stage(graph));
    rewrites += count;
    graph.remove_dead();
  }
  return rewrites;
}

}  // namespace stretto::passes
