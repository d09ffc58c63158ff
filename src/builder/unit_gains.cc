#include "builder/unit_gains.h"

#include <algorithm>
#include <set>

#include "builder/compile.h"
#include "builder/split_moves.h"
#include "kernels/cpu/tables.h"
#include "quantize/apply.h"

namespace stretto {
namespace {

constexpr const char* kReason = "not the unit that is looked at";

/// Rounds what the named nodes read to integers and back.
Status round_inputs(const ir::Graph& source, const quantize::TypePlan& plan, const quantize::Recipe& recipe,
                    const std::set<std::string>& names, ir::Graph& graph) {
  for (ir::NodeId id : graph.topological_order()) {
    const ir::Node node = graph.node(id);
    if (!names.contains(node.name)) continue;
    std::vector<ir::ValueId> inputs = node.inputs;
    for (ir::ValueId& in : inputs) {
      const ir::ValueId original = source.find_value(graph.value(in).name);
      if (original == ir::kNone || graph.value(in).type.dtype != DType::f32) continue;
      const int group = plan.group_of[static_cast<size_t>(original)];
      if (group < 0) continue;
      const auto& first = source.value(plan.groups[static_cast<size_t>(group)].values[0]).name;
      const auto scale = recipe.values.find(first);
      if (scale == recipe.values.end()) continue;
      STRETTO_ASSIGN(
          const ir::ValueId bytes,
          graph.add_node(node.name + "_in", op::Quantize{scale->second.scale, scale->second.zero, DType::u8}, {in}));
      const ir::ValueId unit = graph.add_constant(
          node.name + "_in_scale", Tensor::of<float>(DType::f32, {1}, std::span(&scale->second.scale, 1)));
      STRETTO_ASSIGN(in, graph.add_node(node.name + "_in_real", op::Dequantize{scale->second.zero, 1}, {bytes, unit}));
    }
    STRETTO_TRY(graph.replace_node(id, node.attrs, inputs));
  }
  return {};
}

}  // namespace

Result<std::vector<std::vector<double>>> errors_alone(const ir::Graph& graph, const quantize::Recipe& recipe,
                                                      const std::vector<std::vector<std::string>>& units,
                                                      const KeptOut& samples, const UnitGainOptions& options) {
  SelectorOptions by_estimate;
  by_estimate.isa = options.isa;
  by_estimate.threads = options.threads;
  by_estimate.mode = SelectMode::heuristic;
  Selector selector(cpu_tactic_tables(), by_estimate, nullptr);
  CoverOptions cover_options;
  cover_options.blocked = options.blocked;
  const quantize::TypePlan plan = quantize::plan_types(graph);
  quantize::Recipe alone = recipe;
  std::vector<std::vector<double>> errors;
  for (const std::vector<std::string>& unit : units) {
    if (options.progress) options.progress(static_cast<int>(errors.size()), static_cast<int>(units.size()));
    for (ir::NodeId id : graph.topological_order()) {
      alone.nodes[graph.node(id).name] = {quantize::NodeType::fp32, kReason};
    }
    for (const std::string& name : unit) alone.nodes[name] = {};
    STRETTO_ASSIGN(quantize::Quantised quantised, quantize::apply(graph, alone));
    std::set<std::string> real(unit.begin(), unit.end());
    for (const quantize::Outcome& outcome : quantised.nodes) {
      if (outcome.integer) real.erase(outcome.node);
    }
    STRETTO_TRY(round_inputs(graph, plan, recipe, real, quantised.graph));
    if (!options.blocked.empty()) STRETTO_TRY(split_moves(quantised.graph).status());
    STRETTO_ASSIGN(const Cover cover, choose_cover(quantised.graph, selector, cover_options));
    STRETTO_ASSIGN(auto resolved, compile_alone(quantised.graph, cover, selector));
    STRETTO_ASSIGN(Harness harness, Harness::create(resolved, 0, options.threads));
    errors.push_back(samples.errors_of(harness, options.samples));
  }
  return errors;
}

}  // namespace stretto
