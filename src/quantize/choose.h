// Choice of a recipe by measurement: no way to choose ranges and factors is best for every network, so several are
// tried, and what each costs the network's outputs is measured on samples that none of them saw.
#pragma once

#include <optional>

#include "quantize/evidence.h"
#include "quantize/recipe.h"
#include "quantize/types.h"

namespace stretto::quantize {

struct ChooseOptions {
  std::optional<Calibration> calibration;  // in place of those that are tried
  std::vector<std::string> skip;           // names of steps()
  std::function<Status(Recipe&)> edit;     // of every draft: what the user decides
  int threads = 1;
  std::function<void(const std::string&)> note;  // what was tried, and what came of it, a line each
};

/// Drafts for ranges by `minmax` and `weighted_mse`, of the graph as it is and equalised in two ways, each with its
/// biases corrected on half of the samples to fit, are compared by Judge::together(); of the best one the weights are
/// refined, as far as each step is measured to help. The recipe's notes say what was found. The same for any number of
/// threads.
Result<Recipe> choose_recipe(const ir::Graph& graph, const TypePlan& types, const Evidence& evidence,
                             const std::string& model_sha256, const Prepare& prepare, const ChooseOptions& options);

}  // namespace stretto::quantize
