// Sensitivity: how much an error in a channel of a value is felt behind it.
#pragma once

#include <vector>

#include "quantize/observe.h"
#include "quantize/types.h"

namespace stretto::quantize {

/// By value, by channel (axis 1; one channel below rank 2): what an independent error of mean square 1 in all elements
/// of the channel adds to the mean squares of its readers' sums, relative to what the value itself adds there: for a
/// product Σ_{o,k} W[o,c,k]² over Σ_{c'} var(c')·Σ_{o,k} W[o,c',k]². What only moves, averages, adds or activates the
/// value hands on its own. Variances are those of `variances`.
std::vector<std::vector<double>> sensitivities(const ir::Graph& graph, const TypePlan& plan,
                                               const std::vector<std::vector<double>>& variances);

/// By value and channel, from the bins of those observed, with channel c of value v divided by divisors[v][c] (an
/// empty vector: by 1); 1 where nothing is known.
std::vector<std::vector<double>> variances_of(const ir::Graph& graph, const Observations& observations,
                                              const std::vector<std::vector<float>>& divisors);

/// Channels of a value.
int64_t channels_of(const ir::Graph& graph, ir::ValueId id);

}  // namespace stretto::quantize
