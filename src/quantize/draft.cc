#include "quantize/draft.h"

#include <fmt/format.h>

#include "quantize/group_range.h"
#include "quantize/product_weights.h"
#include "quantize/sensitivity.h"

namespace stretto::quantize {

std::vector<ir::ValueId> values_to_observe(const TypePlan& plan) {
  std::vector<ir::ValueId> values;
  for (const ScaleGroup& group : plan.groups) {
    values.insert(values.end(), group.observed.begin(), group.observed.end());
  }
  return values;
}

Result<Recipe> draft_recipe(const ir::Graph& graph, const TypePlan& plan, const Observations& observations,
                            const Calibration& calibration, const std::string& model_sha256, const Factors& factors) {
  Recipe recipe;
  recipe.model_sha256 = model_sha256;
  recipe.equalise = factors;
  STRETTO_ASSIGN(const ir::Graph equalised, equalise(graph, factors));
  RangeContext context{graph, plan, observations, calibration, {}, divisors_of(graph, factors)};
  context.felt = sensitivities(equalised, plan, variances_of(graph, observations, context.divisors));
  for (const ScaleGroup& group : plan.groups) {
    const std::string& name = graph.value(group.values[0]).name;
    auto scale = scale_of(group, context);
    if (!scale.ok()) return scale.status().in(fmt::format("value '{}'", name));
    recipe.values[name] = *scale;
  }
  const std::vector<bool> integer = integer_nodes(graph, plan.roles, {});
  for (ir::NodeId id : graph.topological_order()) {
    const ir::Node& node = graph.node(id);
    const NodeRole& role = plan.roles[static_cast<size_t>(id)];
    NodeChoice& choice = recipe.nodes[node.name];
    if (!integer[static_cast<size_t>(id)]) {
      choice = {NodeType::fp32, role.role == Role::real ? role.reason : "nothing reads its output as integers"};
    }
    if (role.role != Role::product) continue;
    const int group = plan.group_of[static_cast<size_t>(node.inputs[0])];
    const float src_scale = recipe.values[graph.value(plan.groups[static_cast<size_t>(group)].values[0]).name].scale;
    auto scales = weight_scales(weights_of(equalised, id), src_scale);
    if (!scales.ok()) return scales.status().in(fmt::format("node '{}'", node.name));
    recipe.weights[node.name] = *scales;
  }
  return recipe;
}

}  // namespace stretto::quantize
