// Refinement of a draft: what samples tell of the quantised network itself.
//
// The quantised graph is walked layer by layer, all samples at once, so that each product meets the very bytes that
// enter it at run time, with all that was decided before it. There its weights are rounded and its bias corrected; then
// its output is computed with them, and the walk goes on. Scales of weights depend on nothing before them and are
// searched first.
#pragma once

#include "quantize/correct_bias.h"
#include "quantize/recipe.h"

namespace stretto::quantize {

struct RefineOptions {
  std::vector<std::string> skip;  // names of steps(); others are ignored
  int threads = 1;
  /// Of the graph as given, by sample, of every product's and addition's result; computed where null.
  const std::vector<Means>* means = nullptr;
  int64_t places = 64;  // that columns are taken at, in each sample; twice as many where a sum has many terms
  std::function<void(int done, int total)> progress;
};

/// The samples whose values fit the memory that refinement takes are used, the first of them, at least one.
inline constexpr int64_t kMostSampleBytes = int64_t{1} << 30;

/// The draft with scales, rounding and correction of the products' weights decided. apply() makes of it the very
/// integers that were computed here, and the result is the same for any number of threads. Fails where apply() does,
/// and where a node cannot be computed.
Result<Recipe> refine(const ir::Graph& graph, Recipe draft, const SampleTensors& samples, const Prepare& prepare,
                      const RefineOptions& options);

}  // namespace stretto::quantize
