#include "quantize/evaluator.h"

#include <algorithm>
#include <map>

#include "ref/ref.h"

namespace stretto::quantize {

std::vector<ir::ValueId> outer_inputs(const ir::Graph& graph, std::span<const ir::NodeId> chain) {
  std::vector<ir::ValueId> inputs;
  for (ir::NodeId id : chain) {
    for (ir::ValueId in : graph.node(id).inputs) {
      const bool inner = std::any_of(chain.begin(), chain.end(), [&](ir::NodeId n) { return graph.producer(in) == n; });
      if (inner || graph.value(in).is_constant() || std::find(inputs.begin(), inputs.end(), in) != inputs.end()) {
        continue;
      }
      inputs.push_back(in);
    }
  }
  return inputs;
}

Result<Compute> prepare_reference(const ir::Graph& graph, std::span<const ir::NodeId> chain) {
  std::vector<ir::Node> nodes;
  std::map<ir::ValueId, Tensor> constants;
  for (ir::NodeId id : chain) {
    nodes.push_back(graph.node(id));
    for (ir::ValueId in : nodes.back().inputs) {
      if (graph.value(in).is_constant()) constants[in] = graph.value(in).constant;
    }
  }
  const std::vector<ir::ValueId> outer = outer_inputs(graph, chain);
  return Compute([=](std::span<const Tensor> inputs) -> Result<Tensor> {
    std::map<ir::ValueId, Tensor> values = constants;
    for (size_t i = 0; i < outer.size(); ++i) values[outer[i]] = inputs[i];
    for (const ir::Node& node : nodes) {
      std::vector<Tensor> operands;
      for (ir::ValueId in : node.inputs) operands.push_back(values.at(in));
      STRETTO_ASSIGN(values[node.output], ref::evaluate(node.attrs, operands));
    }
    return values.at(nodes.back().output);
  });
}

}  // namespace stretto::quantize
