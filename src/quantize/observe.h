// Observation: samples are run through the FP32 graph, and every value that needs a scale is counted in a histogram.
#pragma once

#include <functional>
#include <map>

#include "ir/graph.h"
#include "quantize/histogram.h"

namespace stretto::quantize {

/// Takes one value of the sample that is being evaluated. Values that nobody asked for are ignored. Different values
/// may be given by several threads at once.
using Sink = std::function<Status(ir::ValueId value, const Tensor& tensor)>;
/// Computes sample number `sample`, 0 first, and hands each value to the sink, in any order; the tensor is read at once
/// and not kept. A failure of the sink is to be returned.
using Evaluate = std::function<Status(int sample, const Sink& sink)>;

using Observations = std::map<ir::ValueId, Histogram>;

/// Histograms of `values` over `samples` samples; memory does not grow with their number. Fails where there are none,
/// where a value comes with another type than the graph says, twice or not at all, and on NaN or infinities: messages
/// name the sample and the value.
Result<Observations> observe(const ir::Graph& graph, const std::vector<ir::ValueId>& values, int samples,
                             const Evaluate& evaluate);

}  // namespace stretto::quantize
