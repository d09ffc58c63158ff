// Types: which nodes of an optimised graph can be integer, and which of its values then share one scale.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "quantize/recipe.h"

namespace stretto::quantize {

/// What a node becomes where it is integer.
enum class Role : uint8_t {
  real,            // nothing: it has no integer form here
  product,         // a sum in i32, rescaled: conv, conv_transpose and gemm by constant weights
  activation,      // a relu, clip or leaky_relu that alone reads a product or an addition: part of its rescaling
  addition,        // of two values of one shape
  global_average,  // a sum over H and W, rescaled
  table,           // any other function of one element
  transparent,     // moves integers as they are: the output has the scale of the inputs
};

struct NodeRole {
  Role role = Role::real;
  std::string reason;  // of `real`: why
};

/// Values that hold integers of one scale.
struct ScaleGroup {
  std::vector<ir::ValueId> values;    // in topological order; the recipe names the first
  std::vector<ir::ValueId> observed;  // those that the others' elements come from: their range is the group's
};

struct TypePlan {
  std::vector<NodeRole> roles;     // by node
  std::vector<ScaleGroup> groups;  // by first value
  std::vector<int> group_of;       // by value; −1: it has no scale, as nothing reads or writes it as integers
};

/// Roles from operators, shapes and constants alone. Groups are those of a graph whose every node is integer that can
/// be: a recipe that makes a node real keeps them. A value between a product or addition and its activation has none.
TypePlan plan_types(const ir::Graph& graph);

/// By node, whether it is integer under these choices (those without a choice are int8): it has a role, and is a
/// product or has a reader that is integer. What follows the last product is real, computed from its exact sums.
std::vector<bool> integer_nodes(const ir::Graph& graph, const std::vector<NodeRole>& roles,
                                const std::map<std::string, NodeChoice>& choices);

/// The activation that is part of this integer product or addition; kNone without one.
ir::NodeId activation_of(const ir::Graph& graph, const std::vector<NodeRole>& roles, const std::vector<bool>& integer,
                         ir::NodeId id);

}  // namespace stretto::quantize
