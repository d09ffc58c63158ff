// Judge: how far the outputs of a quantised network are from those of the network of floats, on samples.
#pragma once

#include "quantize/evaluator.h"
#include "quantize/recipe.h"

namespace stretto::quantize {

/// What is judged: the outputs, and in place of one that a softmax or sigmoid makes, what it makes it of. Near 0 and 1
/// these hide errors by tens of dB, and what is left to compare samples by is noise.
std::vector<ir::ValueId> judged_values(const ir::Graph& graph);

class Judge {
 public:
  /// `judged`: by sample, the judged values that the graph makes of its inputs. References must outlive the judge.
  Judge(const ir::Graph& graph, const SampleTensors& inputs, const SampleTensors& judged, const Prepare& prepare)
      : graph_(graph), inputs_(inputs), judged_(judged), prepare_(prepare) {}

  /// By sample: the mean over the judged values in f32 of 10·log10(Σ r² / Σ (r − y)²), within ±kMostDb; 0 without such
  /// values. Fails where apply() does, and where a node cannot be computed.
  Result<std::vector<double>> decibels(const Recipe& recipe) const;

  static constexpr double kMostDb = 150;

  /// Of several samples together: 10·log10 of the mean of their noise over signal. One that is ruined counts for what
  /// it is, where a mean of decibels would make up for it with others that are good already.
  static double together(std::span<const double> decibels);

 private:
  const ir::Graph& graph_;
  const SampleTensors& inputs_;
  const SampleTensors& judged_;
  const Prepare& prepare_;
};

}  // namespace stretto::quantize
