// The draft of a recipe: scales by calibration, every node integer that can be.
#pragma once

#include "quantize/equalise.h"
#include "quantize/observe.h"
#include "quantize/types.h"

namespace stretto::quantize {

/// The values to observe: all that the groups' ranges come from.
std::vector<ir::ValueId> values_to_observe(const TypePlan& plan);

/// Scales of all groups and weights, types of all nodes with reasons, of the graph equalised by `factors` (which only
/// `minmax` and `weighted_mse` take). Symmetric schemes give zero point 128, and 0 where nothing is negative. A value
/// that was zero throughout gets kScaleOfNothing. Fails where a group was not observed, and on weights that are not
/// finite.
Result<Recipe> draft_recipe(const ir::Graph& graph, const TypePlan& plan, const Observations& observations,
                            const Calibration& calibration, const std::string& model_sha256,
                            const Factors& factors = {});

}  // namespace stretto::quantize
