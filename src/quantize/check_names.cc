#include "quantize/check_names.h"

#include <fmt/format.h>

#include "quantize/product_weights.h"

namespace stretto::quantize {
namespace {

Status unknown(std::string_view statement, const std::string& name) {
  return bad_input(
      fmt::format("the recipe's line '{} \"{}\"' names nothing that this graph has; the names are those of "
                  "the optimised graph, with the passes that the recipe was made with",
                  statement, name));
}

Status wrong_count(std::string_view statement, const std::string& name, size_t found, int64_t expected) {
  return bad_input(
      fmt::format("the recipe's line '{} \"{}\"' has {} numbers; expected {}", statement, name, found, expected));
}

class Names {
 public:
  Names(const ir::Graph& graph, const TypePlan& plan) : graph_(graph), plan_(plan) {
    for (ir::NodeId id : graph.topological_order()) nodes_.emplace(graph.node(id).name, id);
  }

  Status value(const std::string& name) const {
    const ir::ValueId id = graph_.find_value(name);
    if (id == ir::kNone) return unknown("value", name);
    const int group = plan_.group_of[static_cast<size_t>(id)];
    if (group < 0) return {};  // a scale that nothing asks for
    const ir::ValueId first = plan_.groups[static_cast<size_t>(group)].values[0];
    if (first == id) return {};
    return bad_input(fmt::format("value '{}' shares the scale of '{}': change that line of the recipe and remove this",
                                 name, graph_.value(first).name));
  }

  Status node(const std::string& name) const { return nodes_.contains(name) ? Status() : unknown("node", name); }

  /// A statement on the weights or output channels of a product.
  template <class Count>
  Status product(std::string_view statement, const std::string& name, size_t found, Count expected) const {
    auto it = nodes_.find(name);
    if (it == nodes_.end() || plan_.roles[static_cast<size_t>(it->second)].role != Role::product) {
      return unknown(statement, name);
    }
    const int64_t count = expected(weights_of(graph_, it->second).matrix);
    return static_cast<int64_t>(found) == count ? Status() : wrong_count(statement, name, found, count);
  }

 private:
  const ir::Graph& graph_;
  const TypePlan& plan_;
  std::map<std::string, ir::NodeId> nodes_;
};

}  // namespace

Status check_names(const ir::Graph& graph, const TypePlan& plan, const Recipe& recipe) {
  const Names names(graph, plan);
  auto channels = [](const Tensor& matrix) { return matrix.shape()[0]; };
  auto all = [](const Tensor& matrix) { return matrix.elements(); };
  for (const auto& [name, value] : recipe.values) STRETTO_TRY(names.value(name));
  for (const auto& [name, node] : recipe.nodes) STRETTO_TRY(names.node(name));
  for (const auto& [name, scales] : recipe.weights) {
    STRETTO_TRY(names.product("weights", name, scales.size(), channels));
  }
  for (const auto& [name, terms] : recipe.correction) {
    STRETTO_TRY(names.product("correction", name, terms.size(), channels));
  }
  for (const auto& [name, rounding] : recipe.rounding) {
    STRETTO_TRY(names.product("rounding", name, static_cast<size_t>(rounding.count), all));
  }
  return {};
}

}  // namespace stretto::quantize
