// Explanation: where a quantised network loses accuracy, layer by layer, and why.
//
// With y what a layer computes in floating point from exact inputs, o what it computes from the same inputs with its
// weights and its result rounded as in the quantised network, and q what it computes there:
//   total      q − y     what its readers meet
//   own        o − y     what the layer itself adds
//   inherited  q − o     what its inputs bring along
// Total is the sum of the two, element by element. All are given as signal to noise: 10·log10(Σ y² / Σ e²) in dB over
// all elements of all samples; 6 dB are one bit.
//
// A layer's effect on the output is that of its own error alone: o instead of y, and everything behind it in floating
// point. Errors are small, so those of all layers add up to about the whole, and their shares rank the layers.
#pragma once

#include <functional>
#include <optional>

#include "quantize/causes.h"
#include "quantize/correct_bias.h"
#include "quantize/energies.h"
#include "quantize/integer_layers.h"

namespace stretto::quantize {

struct LayerExplanation {
  std::string layer;  // the name of its first node; of a rounding, of its value
  LayerKind kind = LayerKind::rounding;
  std::string value;                 // its result
  bool bytes = true;                 // which is rounded, or real numbers of exact sums
  std::optional<double> weights_db;  // of a product's rounded weights against its own
  double total_db = kExactDb, own_db = kExactDb, inherited_db = kExactDb;
  double channel_db = kExactDb;     // own, of the median of the result's channels (axis 1) that are not zero throughout
  std::optional<double> output_db;  // of the network's outputs with this layer's own error alone; none: no time
  double share = 0;                 // of the output's noise, of all layers that have output_db
  std::vector<Cause> causes;
};

struct Explanation {
  std::vector<LayerExplanation> layers;  // in the order of the network
  double output_db = kExactDb;           // of the whole quantised network
  int samples = 0, ranked_samples = 0;   // that figures and output_db come from
};

struct ExplainOptions {
  double rank_seconds = 60;  // for output_db: samples that do not fit are left out, of the first one layers
  std::function<void(int done, int total)> progress;
};

/// The values of one sample that are kept at once take no more.
inline constexpr int64_t kMostExplainedBytes = int64_t{4} << 30;

/// `recipe` quantises `graph`; `samples` are what it is judged by. Of several outputs, noise over signal is averaged.
/// Fails where apply() does, where values would take more than kMostExplainedBytes, and on samples that give
/// not-a-number or infinities.
Result<Explanation> explain(const ir::Graph& graph, const Recipe& recipe, const SampleTensors& samples,
                            const Prepare& prepare, const ExplainOptions& options);

}  // namespace stretto::quantize
