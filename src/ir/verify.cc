#include <unordered_set>

#include "ir/graph.h"

namespace stretto::ir {

namespace {

Status wrong(const std::string& kind, const std::string& name, const std::string& what) {
  return internal_error(kind + " '" + name + "': " + what);
}

Status verify_values(const Graph& graph) {
  std::unordered_set<std::string> names;
  for (ValueId id = 0; id < graph.value_count(); ++id) {
    const Value& v = graph.value(id);
    bool live = v.producer != kNone || v.is_constant() || graph.is_input(id);
    if (!live) {
      if (!graph.users(id).empty()) return wrong("value", v.name, "is read, but nothing produces it");
      continue;
    }
    if (v.name.empty()) return wrong("value", std::to_string(id), "has no name");
    if (!names.insert(v.name).second) return wrong("value", v.name, "the name stands twice");
    if (graph.find_value(v.name) != id) return wrong("value", v.name, "the index of names disagrees");
    if (v.is_constant() && !(v.constant.type() == v.type)) {
      return wrong("value", v.name, "constant of " + to_string(v.constant.type()) + ", declared " + to_string(v.type));
    }
    if ((v.producer != kNone) + v.is_constant() + graph.is_input(id) != 1) {
      return wrong("value", v.name, "must be exactly one of input, constant and output of a node");
    }
    if (v.producer == kNone) continue;
    if (v.producer < 0 || v.producer >= graph.node_count()) return wrong("value", v.name, "producer out of range");
    const Node& n = graph.node(v.producer);
    if (n.removed || n.output != id) return wrong("value", v.name, "its producer '" + n.name + "' does not produce it");
  }
  return {};
}

Status verify_node(const Graph& graph, NodeId id) {
  const Node& n = graph.node(id);
  for (ValueId v : n.inputs) {
    if (v < 0 || v >= graph.value_count()) return wrong("node", n.name, "reads a value that is out of range");
    const Value& in = graph.value(v);
    if (in.producer == kNone && !in.is_constant() && !graph.is_input(v)) {
      return wrong("node", n.name, "reads '" + in.name + "', which nothing produces");
    }
  }
  if (n.output < 0 || n.output >= graph.value_count()) return wrong("node", n.name, "output is out of range");
  const Value& out = graph.value(n.output);
  if (out.producer != id) return wrong("node", n.name, "its output '" + out.name + "' names another producer");
  auto type = op::infer(n.attrs, graph.input_types(id));
  if (!type.ok()) return type.status().in("node '" + n.name + "'");
  if (*type == out.type) return {};
  return wrong("node", n.name, "its output is declared " + to_string(out.type) + ", inferred " + to_string(*type));
}

}  // namespace

Status verify(const Graph& graph) {
  STRETTO_TRY(verify_values(graph));
  std::unordered_set<std::string> names;
  for (NodeId id = 0; id < graph.node_count(); ++id) {
    const Node& n = graph.node(id);
    if (n.removed) continue;
    if (n.name.empty()) return wrong("node", std::to_string(id), "has no name");
    if (!names.insert(n.name).second) return wrong("node", n.name, "the name stands twice");
    STRETTO_TRY(verify_node(graph, id));
  }
  std::vector<uint8_t> done(static_cast<size_t>(graph.node_count()), 0);
  for (NodeId id : graph.topological_order()) {
    for (ValueId v : graph.node(id).inputs) {
      NodeId producer = graph.producer(v);
      if (producer != kNone && !done[static_cast<size_t>(producer)]) {
        return wrong("node", graph.node(id).name, "stands on a cycle");
      }
    }
    done[static_cast<size_t>(id)] = 1;
  }
  for (ValueId v : graph.outputs()) {
    if (v < 0 || v >= graph.value_count()) return internal_error("an output of the graph is out of range");
    const Value& out = graph.value(v);
    if (out.producer == kNone && !out.is_constant() && !graph.is_input(v)) {
      return wrong("output", out.name, "nothing produces it");
    }
  }
  return {};
}

}  // namespace stretto::ir
