#include "quantize/judge.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "quantize/apply.h"
#include "quantize/liveness.h"

namespace stretto::quantize {
namespace {

double signal_to_noise(const Tensor& real, const Tensor& made) {
  const auto r = real.as<float>(), y = made.as<float>();
  double signal = 0, noise = 0;
  for (size_t i = 0; i < r.size(); ++i) {
    const double error = double{r[i]} - double{y[i]};
    signal += double{r[i]} * r[i];
    noise += error * error;
  }
  if (!std::isfinite(signal) || !std::isfinite(noise)) return -Judge::kMostDb;
  if (noise == 0) return Judge::kMostDb;
  return std::clamp(10 * std::log10(signal / noise), -Judge::kMostDb, Judge::kMostDb);
}

bool squashes(const ir::Node& node) {
  const auto* u = std::get_if<op::Unary>(&node.attrs);
  return std::holds_alternative<op::Softmax>(node.attrs) || (u != nullptr && u->kind == op::UnaryKind::sigmoid);
}

/// Adds the value, or those that are only moved to make it.
void before(const ir::Graph& graph, ir::ValueId id, std::vector<ir::ValueId>& values) {
  const ir::NodeId maker = graph.producer(id);
  if (maker == ir::kNone) return;
  const ir::Node& node = graph.node(maker);
  if (std::holds_alternative<op::Concat>(node.attrs)) {
    for (ir::ValueId in : node.inputs) before(graph, in, values);
  } else if (std::holds_alternative<op::Reshape>(node.attrs) || std::holds_alternative<op::Slice>(node.attrs)) {
    before(graph, node.inputs[0], values);
  } else if (std::find(values.begin(), values.end(), id) == values.end()) {
    values.push_back(id);
  }
}

/// The floats of a value of the graph of floats in one that was made of it; kNone where it has none.
ir::ValueId floats_of(const ir::Graph& graph, const std::string& name) {
  for (const std::string& known : {name, name + "_real"}) {
    const ir::ValueId id = graph.find_value(known);
    if (id != ir::kNone && graph.value(id).type.dtype == DType::f32) return id;
  }
  return ir::kNone;
}

double mean_over(const std::vector<Tensor>& real, const std::vector<Tensor>& made) {
  double sum = 0;
  int count = 0;
  for (size_t i = 0; i < real.size(); ++i) {
    if (made[i].empty() || real[i].dtype() != DType::f32 || !(real[i].type() == made[i].type()) ||
        real[i].elements() == 0)
      continue;
    sum += signal_to_noise(real[i], made[i]);
    ++count;
  }
  return count == 0 ? 0 : sum / count;
}

}  // namespace

std::vector<ir::ValueId> judged_values(const ir::Graph& graph) {
  std::vector<ir::ValueId> values;
  for (ir::ValueId id : graph.outputs()) {
    const ir::NodeId maker = graph.producer(id);
    if (maker != ir::kNone && squashes(graph.node(maker))) {
      before(graph, graph.node(maker).inputs[0], values);
    } else {
      values.push_back(id);
    }
  }
  return values;
}

double Judge::together(std::span<const double> decibels) {
  double sum = 0;
  for (double db : decibels) sum += std::pow(10, -db / 10);
  return decibels.empty() ? 0 : -10 * std::log10(sum / static_cast<double>(decibels.size()));
}

Result<std::vector<double>> Judge::decibels(const Recipe& recipe) const {
  STRETTO_ASSIGN(const Quantised quantised, apply(graph_, recipe));
  const ir::Graph& graph = quantised.graph;
  const Chains chains = chains_of(graph);
  const std::vector<std::vector<ir::ValueId>> dying = last_readings(graph, chains);
  std::vector<ir::ValueId> judged;
  for (ir::ValueId id : judged_values(graph_)) judged.push_back(floats_of(graph, graph_.value(id).name));
  std::vector<Compute> computes;
  for (const std::vector<ir::NodeId>& chain : chains) {
    STRETTO_ASSIGN(Compute compute, prepare_(graph, chain));
    computes.push_back(std::move(compute));
  }
  std::vector<double> all;
  for (size_t s = 0; s < inputs_.size(); ++s) {
    std::map<ir::ValueId, Tensor> values;
    for (size_t i = 0; i < inputs_[s].size(); ++i) values[graph.inputs()[i]] = inputs_[s][i];
    for (size_t c = 0; c < chains.size(); ++c) {
      std::vector<Tensor> inputs;
      for (ir::ValueId in : outer_inputs(graph, chains[c])) inputs.push_back(values.at(in));
      STRETTO_ASSIGN(values[graph.node(chains[c].back()).output], computes[c](inputs));
      for (ir::ValueId dead : dying[c]) {
        if (std::find(judged.begin(), judged.end(), dead) == judged.end()) values.erase(dead);
      }
    }
    std::vector<Tensor> made;
    for (ir::ValueId id : judged) {
      if (id == ir::kNone) {
        made.emplace_back();
      } else {
        made.push_back(graph.value(id).is_constant() ? graph.value(id).constant : values.at(id));
      }
    }
    all.push_back(mean_over(judged_[s], made));
  }
  return all;
}

}  // namespace stretto::quantize
