// What matchers ask of a graph.
#pragma once

#include <optional>

#include "ir/graph.h"

namespace stretto::passes {

/// The attributes of a node, if it is live and of that operator.
template <class T>
const T* as(const ir::Graph& graph, ir::NodeId id) {
  if (id == ir::kNone || graph.node(id).removed) return nullptr;
  return std::get_if<T>(&graph.node(id).attrs);
}

/// The attributes of the node that produces a value, if it is of that operator.
template <class T>
const T* made_by(const ir::Graph& graph, ir::ValueId id) {
  return as<T>(graph, graph.producer(id));
}

inline const TensorType& output_type(const ir::Graph& graph, ir::NodeId id) {
  return graph.value(graph.node(id).output).type;
}

inline bool is_unary(const ir::Graph& graph, ir::NodeId id, op::UnaryKind kind) {
  const auto* u = as<op::Unary>(graph, id);
  return u != nullptr && u->kind == kind;
}

inline bool is_binary(const ir::Graph& graph, ir::NodeId id, op::BinaryKind kind) {
  const auto* b = as<op::Binary>(graph, id);
  return b != nullptr && b->kind == kind;
}

/// A constant of f32.
bool is_weight(const ir::Graph& graph, ir::ValueId id);

/// The number that a constant of f32 holds in every element.
std::optional<float> splat(const ir::Graph& graph, ir::ValueId id);

/// x and the number c of a binary node that is c to every element of x (of f32, not broadcast).
struct WithScalar {
  ir::ValueId x;
  float c;
  bool reversed;  // c stands first
};
std::optional<WithScalar> match_scalar(const ir::Graph& graph, ir::NodeId id);

/// Whether replace_node() would succeed.
bool fits(const ir::Graph& graph, ir::NodeId id, const op::Attrs& attrs, const std::vector<ir::ValueId>& inputs);

/// Proven from the operators that made it: no element is below zero.
bool is_non_negative(const ir::Graph& graph, ir::ValueId id, int depth = 16);

}  // namespace stretto::passes
