#include "quantize/float_network.h"

namespace stretto::quantize {

Result<FloatNetwork> FloatNetwork::create(const ir::Graph& graph, const Prepare& prepare) {
  FloatNetwork made;
  made.graph_ = &graph;
  made.order_ = graph.topological_order();
  for (ir::NodeId id : made.order_) {
    STRETTO_ASSIGN(made.computes_[id], prepare(graph, std::span(&id, 1)));
  }
  return made;
}

Result<Tensor> FloatNetwork::node(ir::NodeId id, const Values& values) const {
  std::vector<Tensor> inputs;
  for (ir::ValueId in : outer_inputs(*graph_, std::span(&id, 1))) inputs.push_back(values.at(in));
  return computes_.at(id)(inputs);
}

Result<Values> FloatNetwork::run(const std::vector<Tensor>& inputs) const {
  Values values;
  for (size_t i = 0; i < inputs.size(); ++i) values[graph_->inputs()[i]] = inputs[i];
  for (ir::NodeId id : order_) {
    STRETTO_ASSIGN(values[graph_->node(id).output], node(id, values));
  }
  return values;
}

Result<std::vector<double>> FloatNetwork::output_noise(const Values& exact, ir::ValueId replaced,
                                                       const Tensor& by) const {
  Values changed = {{replaced, by}};
  for (ir::NodeId id : order_) {
    std::vector<Tensor> inputs;
    bool differs = false;
    for (ir::ValueId in : outer_inputs(*graph_, std::span(&id, 1))) {
      const auto found = changed.find(in);
      differs = differs || found != changed.end();
      inputs.push_back(found != changed.end() ? found->second : exact.at(in));
    }
    if (!differs) continue;
    STRETTO_ASSIGN(changed[graph_->node(id).output], computes_.at(id)(inputs));
  }
  std::vector<double> noise;
  for (ir::ValueId id : graph_->outputs()) {
    const auto found = changed.find(id);
    const bool real = graph_->value(id).type.dtype == DType::f32;
    noise.push_back(real && found != changed.end() ? squared_distance(found->second, exact.at(id)) : 0);
  }
  return noise;
}

std::vector<double> FloatNetwork::output_signal(const Values& exact) const {
  std::vector<double> signal;
  for (ir::ValueId id : graph_->outputs()) {
    double sum = 0;
    const auto found = exact.find(id);  // an output may be a constant
    if (found != exact.end() && found->second.dtype() == DType::f32) {
      for (float r : found->second.as<float>()) sum += double{r} * r;
    }
    signal.push_back(sum);
  }
  return signal;
}

double squared_distance(const Tensor& y, const Tensor& r) {
  double sum = 0;
  const auto a = y.as<float>(), b = r.as<float>();
  for (size_t i = 0; i < b.size(); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return sum;
}

double output_ratio(const std::vector<double>& signal, const std::vector<double>& noise) {
  double sum = 0;
  int outputs = 0;
  for (size_t i = 0; i < signal.size(); ++i) {
    if (!(signal[i] > 0)) continue;
    sum += noise[i] / signal[i];
    ++outputs;
  }
  return outputs == 0 ? 0 : sum / outputs;
}

}  // namespace stretto::quantize
