// What each part of a quantised network does to its outputs, alone.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "builder/kept_out.h"
#include "quantize/recipe.h"
#include "tactics/layout.h"

namespace stretto {

struct UnitGainOptions {
  Isa isa = Isa::scalar;
  int threads = 1;
  std::vector<Layout> blocked;  // layouts to choose from
  int64_t samples = 4;          // of those kept, rounded up to whole batches
  std::function<void(int done, int total)> progress;
};

/// By unit (names of nodes), then by output: the error of the network with that unit alone in integers, as the recipe
/// says, and all else in reals. Of nodes that are integer only beside others, such as additions, what they read is
/// rounded.
Result<std::vector<std::vector<double>>> errors_alone(const ir::Graph& graph, const quantize::Recipe& recipe,
                                                      const std::vector<std::vector<std::string>>& units,
                                                      const KeptOut& samples, const UnitGainOptions& options);

}  // namespace stretto
