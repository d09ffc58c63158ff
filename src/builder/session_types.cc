// Types by time: with the steps of both covers timed, some layers may be faster in reals, conversions counted.
#include <fmt/format.h>

#include "builder/session.h"
#include "quantize/types.h"

namespace stretto {
namespace {

/// Conversions weighted by these give the mixes that are timed as whole plans: what a value costs between caches is not
/// all in the time of its conversion.
constexpr double kConversionWeights[] = {1, 3};

MixProblem weighted(MixProblem problem, double weight) {
  for (MixValue& value : problem.values) {
    value.to_real_s *= weight;
    value.to_integer_s *= weight;
  }
  return problem;
}

}  // namespace

Result<TypeUnits> BuildSession::units_of(const Variant& variant, const Cover& narrow, const Cover& wide) {
  const std::vector<quantize::NodeRole> roles = quantize::plan_types(variant.optimised).roles;
  const TypedCovers covers{variant.optimised,
                           *variant.quantised,
                           narrow,
                           variant.graph,
                           wide,
                           quantize::integer_nodes(variant.optimised, roles, recipe_with(guard_).nodes)};
  return find_units(covers, timed_conversions(*selector_, blocked_layouts()));
}

Result<std::vector<BuildSession::Proposal>> BuildSession::mixed_proposals(const Variant& variant, const Cover& narrow,
                                                                          const Cover& wide) {
  STRETTO_ASSIGN(const TypeUnits units, units_of(variant, narrow, wide));
  std::vector<Proposal> proposals;
  std::vector<std::vector<bool>> seen = {std::vector<bool>(units.nodes.size(), true),
                                         std::vector<bool>(units.nodes.size(), false)};
  for (double weight : kConversionWeights) {
    const MixProblem problem = weighted(units.problem, weight);
    const std::vector<bool> integer = fastest_types(problem);
    if (std::find(seen.begin(), seen.end(), integer) != seen.end()) continue;
    seen.push_back(integer);
    Proposal proposal;
    for (size_t u = 0; u < integer.size(); ++u) {
      if (integer[u]) continue;
      const double lost = change_of(problem, integer, static_cast<int>(u));
      const double real = problem.units[u].real_s;
      double cost_ms = -lost * 1e3;
      for (const std::string& name : units.nodes[u]) {
        proposal.by_time[name] = {name,
                                  "int8",
                                  "fp32",
                                  fmt::format("faster in fp32: {:.4f} ms against {:.4f} ms, conversions included",
                                              real * 1e3, (real + lost) * 1e3),
                                  0,
                                  cost_ms};
        cost_ms = 0;
      }
    }
    STRETTO_ASSIGN(proposal.quantised, quantised_with(variant, proposal.by_time));
    if (!proposal.quantised) continue;
    STRETTO_ASSIGN(proposal.cover, search_cover(*proposal.quantised, 1));
    proposals.push_back(std::move(proposal));
  }
  return proposals;
}

BuildSession::Reverts BuildSession::all_real(const Variant& variant, double real_s, double integer_s) const {
  const std::vector<quantize::NodeRole> roles = quantize::plan_types(variant.optimised).roles;
  const std::vector<bool> integer = quantize::integer_nodes(variant.optimised, roles, recipe_with(guard_).nodes);
  Reverts reverts;
  for (ir::NodeId id : variant.optimised.topological_order()) {
    if (!integer[static_cast<size_t>(id)]) continue;
    const std::string& name = variant.optimised.node(id).name;
    reverts[name] = {
        name, "int8", "fp32",
        fmt::format("the whole network is faster in fp32: {:.3f} ms against {:.3f} ms", real_s * 1e3, integer_s * 1e3)};
  }
  return reverts;
}

}  // namespace stretto
