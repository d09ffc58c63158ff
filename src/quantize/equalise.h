// Equalisation: channels of a value are brought to like ranges before they share a scale (cross-layer equalisation,
// Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.1).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace stretto::quantize {

/// The graph with each channel c of the named values divided by factors[c] > 0, and computing the same otherwise (a
/// recipe's scales are those of this graph): the convolution that makes the value (through a relu or leaky_relu, if
/// there is one that alone reads it) has weights and bias divided, the convolutions that read it have their weights
/// multiplied. Fails, with the value's name, where the value is made or read in another way, is an output of the graph,
/// or has another number of channels.
Result<ir::Graph> equalise(ir::Graph graph, const std::map<std::string, std::vector<float>>& factors);

}  // namespace stretto::quantize
