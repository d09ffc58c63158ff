// The scale of one group of values from what was observed of them.
#pragma once

#include "quantize/observe.h"
#include "quantize/types.h"

namespace stretto::quantize {

/// What a group's range is chosen by, by value and channel.
struct RangeContext {
  const ir::Graph& graph;
  const TypePlan& plan;
  const Observations& observations;
  const Calibration& calibration;
  std::vector<std::vector<double>> felt;     // sensitivities()
  std::vector<std::vector<float>> divisors;  // channels are divided by these; an empty vector: by 1
};

/// By the method of the calibration; `weighted_mse` where it leaves less error than `minmax`, else the latter. With
/// divisors every other method fails. A value that only a table reads is judged by what the table makes of it.
Result<ValueScale> scale_of(const ScaleGroup& group, const RangeContext& context);

}  // namespace stretto::quantize
