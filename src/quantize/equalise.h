// Equalisation: channels of a value are brought to like ranges before they share a scale (cross-layer equalisation,
// Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.1).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "quantize/channel_classes.h"
#include "quantize/observe.h"

namespace stretto::quantize {

/// By value, what each of its channels is divided by.
using Factors = std::map<std::string, std::vector<float>>;

/// No factor is smaller, and none above 1.
inline constexpr double kLeastFactor = 1.0 / 64;

/// How far ranges are made alike: with a[c] the largest magnitude observed of channel c and k[c] the root mean square
/// of the weights that read it, each over the largest of its output channel, a factor is a^range / k^weights, or
/// a^depthwise where only depthwise products read the channel. In quarters: roots of roots are the same on every
/// machine, other powers are not.
struct Equalisation {
  int range = 2, weights = 2, depthwise = 4;
  /// Also channels that a clip bounds. It stays one for all, and so acts at b · factor: no factor is below twice the
  /// share of b that was observed, and samples that reach further are clipped. False: these keep their scale.
  bool clips = true;
};

/// For every class of channels (channel_classes.h), by its first value: a factor a channel, over the largest of the
/// class. Channels that were always zero keep their scale. Classes without observations or readers have none.
Factors equalising_factors(const ir::Graph& graph, const Observations& observations, const Equalisation& how);

/// The graph with each channel c of the named values divided by factors[c] > 0, together with all that is of one class
/// with it, and computing the same otherwise (a recipe's scales are those of this graph), but for clips from 0, which
/// then act at b · factors[c]: products that make the values have weights and bias divided, those that read them have
/// weights multiplied. Fails, with the value's name, where its class is fixed, named twice, or has another number of
/// channels.
Result<ir::Graph> equalise(ir::Graph graph, const Factors& factors);

/// By value, by channel, what equalise() divides it by; empty: 1. Values that are not in `factors` or cannot be
/// equalised have no part.
std::vector<std::vector<float>> divisors_of(const ir::Graph& graph, const Factors& factors);

}  // namespace stretto::quantize
