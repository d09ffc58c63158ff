#include "quantize/rounded_weights.h"

#include <algorithm>

#include "op/integer.h"
#include "quantize/liveness.h"
#include "quantize/product_weights.h"

namespace stretto::quantize {
namespace {

/// What integers of an operator's weights stand for, in their shape.
Tensor real_weights(const op::Attrs& attrs, const Tensor& integers, const std::vector<float>& scales) {
  Tensor reals(TensorType{DType::f32, integers.shape()});
  const auto from = integers.as<int8_t>();
  const auto to = reals.as_mutable<float>();
  const int64_t channels = static_cast<int64_t>(scales.size()), row = integers.elements() / integers.shape()[0];
  const auto* transposed = std::get_if<op::ConvTransposeInteger>(&attrs);
  const int64_t per_group = transposed == nullptr ? 1 : channels / transposed->group;
  const int64_t in_group = transposed == nullptr ? 1 : integers.shape()[0] / transposed->group;
  for (int64_t i = 0; i < integers.elements(); ++i) {
    int64_t c = i / row;
    if (transposed != nullptr) c = c / in_group * per_group + i % row / (row / per_group);
    const auto at = static_cast<size_t>(i);
    to[at] = op::dequantize(from[at], scales[static_cast<size_t>(c)]);
  }
  return reals;
}

class WeightRounder {
 public:
  WeightRounder(const ir::Graph& floats, const ir::Graph& quantised, const Recipe& recipe)
      : floats_(floats), quantised_(quantised), recipe_(recipe), plan_(plan_types(floats)), out_(floats) {}

  Status round(ir::NodeId product, ir::NodeId sums) {
    const ir::Node& narrow = quantised_.node(sums);
    const ir::Node node = floats_.node(product);
    const std::vector<float>& scales = recipe_.weights.at(node.name);
    std::vector<ir::ValueId> inputs = {
        node.inputs[0],
        out_.add_constant(node.name + "_rounded",
                          real_weights(narrow.attrs, quantised_.value(narrow.inputs[1]).constant, scales))};
    const bool corrected = recipe_.correction.contains(node.name);
    if (node.inputs.size() > 2 || corrected) {
      std::vector<float> bias = weights_of(floats_, product).bias;
      if (!corrected) {
        const float unit = scale_of(floats_, plan_, recipe_, node.inputs[0]).scale;
        const auto integers = quantised_.value(narrow.inputs[2]).constant.as<int32_t>();
        for (size_t c = 0; c < bias.size(); ++c) bias[c] = static_cast<float>(double{unit} * scales[c] * integers[c]);
      }
      const TensorType type{DType::f32, {static_cast<int64_t>(bias.size())}};
      inputs.push_back(out_.add_constant(node.name + "_rounded_bias", Tensor::of<float>(type.dtype, type.shape, bias)));
      if (corrected) corrected_[product] = inputs.back();
    }
    op::Gemm gemm;
    gemm.trans_b = true;
    return out_.replace_node(product, std::holds_alternative<op::Gemm>(node.attrs) ? op::Attrs(gemm) : node.attrs,
                             inputs);
  }

  Status correct(const SampleTensors& samples, const Prepare& prepare) {
    if (corrected_.empty()) return {};
    Chains chains;
    for (ir::NodeId id : floats_.topological_order()) chains.push_back({id});
    const std::vector<std::vector<ir::ValueId>> dying = last_readings(floats_, chains);
    std::vector<Compute> exact, rounded(chains.size());
    for (size_t c = 0; c < chains.size(); ++c) {
      STRETTO_ASSIGN(Compute compute, prepare(floats_, chains[c]));
      exact.push_back(std::move(compute));
      if (!corrected_.contains(chains[c][0])) continue;
      STRETTO_ASSIGN(rounded[c], prepare(out_, chains[c]));
    }
    std::map<ir::NodeId, ChannelMeans> wanted, made;
    for (const std::vector<Tensor>& sample : samples) {
      std::map<ir::ValueId, Tensor> values;
      for (size_t i = 0; i < sample.size(); ++i) values[floats_.inputs()[i]] = sample[i];
      for (size_t c = 0; c < chains.size(); ++c) {
        const ir::NodeId id = chains[c][0];
        std::vector<Tensor> inputs;
        for (ir::ValueId in : outer_inputs(floats_, chains[c])) inputs.push_back(values.at(in));
        STRETTO_ASSIGN(Tensor result, exact[c](inputs));
        if (rounded[c]) {
          STRETTO_ASSIGN(const Tensor other, rounded[c](inputs));
          wanted[id].add(result);
          made[id].add(other);
        }
        values[floats_.node(id).output] = std::move(result);
        for (ir::ValueId dead : dying[c]) values.erase(dead);
      }
    }
    for (const auto& [id, constant] : corrected_) {
      const std::vector<double> to = wanted[id].means(), from = made[id].means();
      const auto before = out_.value(constant).constant.as<float>();
      std::vector<float> bias(before.begin(), before.end());
      for (size_t c = 0; c < bias.size(); ++c) bias[c] = static_cast<float>(bias[c] + to[c] - from[c]);
      out_.set_constant(constant, Tensor::of<float>(DType::f32, out_.value(constant).type.shape, bias));
    }
    return {};
  }

  ir::Graph take() { return std::move(out_); }

 private:
  const ir::Graph& floats_;
  const ir::Graph& quantised_;
  const Recipe& recipe_;
  const TypePlan plan_;
  ir::Graph out_;
  std::map<ir::NodeId, ir::ValueId> corrected_;  // products: their bias in out_
};

}  // namespace

ValueScale scale_of(const ir::Graph& floats, const TypePlan& plan, const Recipe& recipe, ir::ValueId id) {
  const int group = plan.group_of[static_cast<size_t>(id)];
  if (group < 0) return {};
  const auto it = recipe.values.find(floats.value(plan.groups[static_cast<size_t>(group)].values[0]).name);
  return it == recipe.values.end() ? ValueScale{} : it->second;
}

Result<ir::Graph> round_weights_of(const ir::Graph& floats, const std::vector<IntegerLayer>& layers,
                                   const ir::Graph& quantised, const Recipe& recipe, const SampleTensors& samples,
                                   const Prepare& prepare) {
  WeightRounder rounder(floats, quantised, recipe);
  for (const IntegerLayer& layer : layers) {
    if (layer.kind == LayerKind::product) STRETTO_TRY(rounder.round(layer.floats[0], layer.chain[0]));
  }
  STRETTO_TRY(rounder.correct(samples, prepare));
  return rounder.take();
}

}  // namespace stretto::quantize
