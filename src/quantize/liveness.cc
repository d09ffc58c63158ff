#include "quantize/liveness.h"

#include <algorithm>
#include <map>

#include "quantize/evaluator.h"

namespace stretto::quantize {

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
