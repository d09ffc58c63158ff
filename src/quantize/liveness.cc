#include "quantize/liveness.h"

#include <algorithm>
#include <map>

#include "quantize/evaluator.h"

namespace stretto::quantize {
namespace {

bool is_product(const ir::Node& node) {
  return std::holds_alternative<op::ConvInteger>(node.attrs) ||
         std::holds_alternative<op::ConvTransposeInteger>(node.attrs) ||
         std::holds_alternative<op::GemmInteger>(node.attrs);
}

bool is_rescaling(const ir::Node& node) {
  return std::holds_alternative<op::Requantize>(node.attrs) || std::holds_alternative<op::Dequantize>(node.attrs);
}

}  // namespace

Chains chains_of(const ir::Graph& graph) {
  std::map<ir::NodeId, ir::NodeId> product_of;  // by rescaling
  const std::vector<ir::NodeId> order = graph.topological_order();
  for (ir::NodeId id : order) {
    const ir::NodeId reader = graph.sole_user(graph.node(id).output);
    if (!is_product(graph.node(id)) || reader == ir::kNone || !is_rescaling(graph.node(reader))) continue;
    if (graph.node(reader).inputs[0] == graph.node(id).output) product_of[reader] = id;
  }
  std::vector<bool> later(static_cast<size_t>(graph.node_count()), false);
  for (const auto& [reader, product] : product_of) later[static_cast<size_t>(product)] = true;
  Chains chains;
  for (ir::NodeId id : order) {
    if (later[static_cast<size_t>(id)]) continue;
    const auto product = product_of.find(id);
    chains.push_back(product == product_of.end() ? std::vector{id} : std::vector{product->second, id});
  }
  return chains;
}

std::vector<std::vector<ir::ValueId>> last_readings(const ir::Graph& graph, const Chains& chains) {
  std::map<ir::ValueId, size_t> last;
  for (size_t i = 0; i < chains.size(); ++i) {
    for (ir::ValueId in : outer_inputs(graph, chains[i])) last[in] = i;
    last[graph.node(chains[i].back()).output] = i;
  }
  std::vector<std::vector<ir::ValueId>> dying(chains.size());
  for (auto [value, chain] : last) dying[chain].push_back(value);
  return dying;
}

int64_t most_alive(const ir::Graph& graph, const Chains& chains) {
  const auto bytes = [&](ir::ValueId id) { return static_cast<int64_t>(graph.value(id).type.bytes()); };
  const std::vector<std::vector<ir::ValueId>> dying = last_readings(graph, chains);
  int64_t alive = 0, most = 0;
  for (ir::ValueId id : graph.inputs()) alive += bytes(id);
  for (size_t i = 0; i < chains.size(); ++i) {
    alive += bytes(graph.node(chains[i].back()).output);
    most = std::max(most, alive);
    for (ir::ValueId id : dying[i]) alive -= bytes(id);
  }
  return most;
}

}  // namespace stretto::quantize
