#include "quantize/types.h"

#include <algorithm>
#include <numeric>

#include "quantize/roles.h"

namespace stretto::quantize {
namespace {

/// Values joined into sets.
class Sets {
 public:
  explicit Sets(int count) : parent_(static_cast<size_t>(count)) { std::iota(parent_.begin(), parent_.end(), 0); }
  ir::ValueId root(ir::ValueId id) {
    while (parent_[static_cast<size_t>(id)] != id) {
      id = parent_[static_cast<size_t>(id)] = parent_[static_cast<size_t>(parent_[static_cast<size_t>(id)])];
    }
    return id;
  }
  void join(ir::ValueId a, ir::ValueId b) { parent_[static_cast<size_t>(root(b))] = root(a); }

 private:
  std::vector<ir::ValueId> parent_;
};

bool chosen_int8(const ir::Node& node, const std::map<std::string, NodeChoice>& choices) {
  auto it = choices.find(node.name);
  return it == choices.end() || it->second.type == NodeType::int8;
}

/// Graph inputs, then what nodes make, producers first.
std::vector<ir::ValueId> ordered_values(const ir::Graph& graph) {
  std::vector<ir::ValueId> order = graph.inputs();
  for (ir::NodeId id : graph.topological_order()) order.push_back(graph.node(id).output);
  return order;
}

}  // namespace

std::vector<bool> integer_nodes(const ir::Graph& graph, const std::vector<NodeRole>& roles,
                                const std::map<std::string, NodeChoice>& choices) {
  std::vector<bool> integer(static_cast<size_t>(graph.node_count()), false);
  const std::vector<ir::NodeId> order = graph.topological_order();
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const ir::Node& node = graph.node(*it);
    const Role role = roles[static_cast<size_t>(*it)].role;
    if (role == Role::real || !chosen_int8(node, choices)) continue;
    const std::vector<ir::NodeId> users = graph.users(node.output);
    const bool wanted =
        std::any_of(users.begin(), users.end(), [&](ir::NodeId user) { return integer[static_cast<size_t>(user)]; });
    const bool has_host = role != Role::activation || chosen_int8(graph.node(graph.producer(node.inputs[0])), choices);
    integer[static_cast<size_t>(*it)] = role == Role::product || (wanted && has_host);
  }
  return integer;
}

ir::NodeId activation_of(const ir::Graph& graph, const std::vector<NodeRole>& roles, const std::vector<bool>& integer,
                         ir::NodeId id) {
  const ir::NodeId user = graph.sole_user(graph.node(id).output);
  if (user == ir::kNone || !integer[static_cast<size_t>(user)]) return ir::kNone;
  return roles[static_cast<size_t>(user)].role == Role::activation ? user : ir::kNone;
}

TypePlan plan_types(const ir::Graph& graph) {
  TypePlan plan;
  plan.roles = roles_of(graph);
  const std::vector<bool> integer = integer_nodes(graph, plan.roles, {});
  Sets sets(graph.value_count());
  std::vector<bool> has_scale(static_cast<size_t>(graph.value_count()), false);
  std::vector<bool> moved(static_cast<size_t>(graph.value_count()), false);
  for (ir::NodeId id : graph.topological_order()) {
    const ir::Node& node = graph.node(id);
    const Role role = plan.roles[static_cast<size_t>(id)].role;
    if (!integer[static_cast<size_t>(id)] || role == Role::activation) continue;
    for (ir::ValueId in : node.inputs) {
      if (graph.value(in).is_constant()) continue;
      has_scale[static_cast<size_t>(in)] = true;
      if (role == Role::transparent) sets.join(node.inputs[0], in);
    }
    if (role != Role::transparent) continue;
    sets.join(node.inputs[0], node.output);
    moved[static_cast<size_t>(node.output)] = true;
  }
  plan.group_of.assign(static_cast<size_t>(graph.value_count()), -1);
  std::map<ir::ValueId, int> group_of_root;
  for (ir::ValueId id : ordered_values(graph)) {
    if (!has_scale[static_cast<size_t>(id)]) continue;
    auto [it, fresh] = group_of_root.emplace(sets.root(id), static_cast<int>(plan.groups.size()));
    if (fresh) plan.groups.emplace_back();
    ScaleGroup& group = plan.groups[static_cast<size_t>(it->second)];
    group.values.push_back(id);
    if (!moved[static_cast<size_t>(id)]) group.observed.push_back(id);
    plan.group_of[static_cast<size_t>(id)] = it->second;
  }
  return plan;
}

}  // namespace stretto::quantize
