// Inside quantize/: a network in floating point, made ready once, and what an error inside it does to its outputs.
#pragma once

#include <map>
#include <optional>

#include "quantize/evaluator.h"

namespace stretto::quantize {

using Values = std::map<ir::ValueId, Tensor>;

class FloatNetwork {
 public:
  /// `graph` must outlive it.
  static Result<FloatNetwork> create(const ir::Graph& graph, const Prepare& prepare);

  const ir::Graph& graph() const { return *graph_; }
  /// What one node computes of the values it reads.
  Result<Tensor> node(ir::NodeId id, const Values& values) const;
  /// All values, constants left out, for these inputs.
  Result<Values> run(const std::vector<Tensor>& inputs) const;
  /// By f32 output of the graph, Σ (y − r)², where `exact` are all values and one of them is replaced.
  Result<std::vector<double>> output_noise(const Values& exact, ir::ValueId replaced, const Tensor& by) const;
  /// By output, Σ r²; of those that are not f32 0.
  std::vector<double> output_signal(const Values& exact) const;

 private:
  const ir::Graph* graph_ = nullptr;
  std::vector<ir::NodeId> order_;
  std::map<ir::NodeId, Compute> computes_;
};

/// Σ (y − r)² of two f32 tensors of one size.
double squared_distance(const Tensor& y, const Tensor& r);

/// The mean, over the outputs with a signal, of noise over signal.
double output_ratio(const std::vector<double>& signal, const std::vector<double>& noise);

}  // namespace stretto::quantize
