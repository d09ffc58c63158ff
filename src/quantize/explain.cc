#include "quantize/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "op/integer.h"
#include "quantize/equalise.h"
#include "quantize/float_network.h"
#include "quantize/liveness.h"
#include "quantize/ranking.h"
#include "quantize/rounded_weights.h"

namespace stretto::quantize {
namespace {

/// One layer while samples go by.
struct Account {
  IntegerLayer layer;
  ValueScale scale;  // of its result, where that is rounded
  Energies energies;
  ValueFacts facts;
};

std::string name_of_layer(const ir::Graph& floats, const IntegerLayer& layer) {
  return layer.floats.empty() ? floats.value(layer.value).name : floats.node(layer.floats[0]).name;
}

class Explainer {
 public:
  Explainer(const Recipe& recipe, const SampleTensors& samples, const Prepare& prepare, const ExplainOptions& options)
      : recipe_(recipe), samples_(samples), prepare_(prepare), options_(options) {}

  Result<Explanation> run(const ir::Graph& graph) {
    STRETTO_TRY(make_ready(graph));
    for (size_t s = 0; s < samples_.size(); ++s) {
      STRETTO_TRY(take(samples_[s], static_cast<int>(s)).in(fmt::format("sample {}", s)));
    }
    return finish();
  }

 private:
  Status make_ready(const ir::Graph& graph) {
    STRETTO_ASSIGN(floats_, equalise(graph, recipe_.equalise));
    STRETTO_ASSIGN(quantised_, apply(graph, recipe_));
    int64_t bytes = 0;
    for (ir::NodeId id : floats_.topological_order()) {
      bytes += static_cast<int64_t>(floats_.value(floats_.node(id).output).type.bytes());
    }
    if (bytes > kMostExplainedBytes) {
      return failed(
          fmt::format("the values of one run take {} MiB, and an explanation keeps at most {}: build a smaller "
                      "batch to have it explained",
                      bytes >> 20, kMostExplainedBytes >> 20));
    }
    plan_ = plan_types(floats_);
    const std::vector<IntegerLayer> layers = integer_layers(floats_, quantised_);
    STRETTO_ASSIGN(rounded_, round_weights_of(floats_, layers, quantised_.graph, recipe_, samples_, prepare_));
    STRETTO_ASSIGN(network_, FloatNetwork::create(floats_, prepare_));
    for (const IntegerLayer& layer : layers) {
      const ValueScale scale = layer.bytes ? scale_of(floats_, plan_, recipe_, layer.value) : ValueScale{};
      by_last_[layer.chain.back()] = accounts_.size();
      accounts_.push_back({layer, scale, {}, ValueFacts(scale.scale, scale.zero)});
      if (layer.kind != LayerKind::product) continue;
      STRETTO_ASSIGN(products_[layer.floats[0]], prepare_(rounded_, std::span(layer.floats).first(1)));
    }
    ranking_.emplace(accounts_.size(), options_.rank_seconds);
    make_chains();
    for (const std::vector<ir::NodeId>& chain : chains_) {
      STRETTO_ASSIGN(Compute compute, prepare_(quantised_.graph, chain));
      computes_.push_back(std::move(compute));
    }
    dying_ = last_readings(quantised_.graph, chains_);
    return {};
  }

  /// Of the quantised graph, in topological order; a layer of two nodes is computed at once.
  void make_chains() {
    std::vector<bool> later(static_cast<size_t>(quantised_.graph.node_count()), false);
    for (const Account& account : accounts_) {
      if (account.layer.chain.size() > 1) later[static_cast<size_t>(account.layer.chain[0])] = true;
    }
    for (ir::NodeId id : quantised_.graph.topological_order()) {
      if (later[static_cast<size_t>(id)]) continue;
      const auto found = by_last_.find(id);
      chains_.push_back(found == by_last_.end() ? std::vector{id} : accounts_[found->second].layer.chain);
    }
  }

  Status take(const std::vector<Tensor>& sample, int number) {
    STRETTO_ASSIGN(const Values exact, network_.run(sample));
    STRETTO_TRY(check_finite(exact));
    const std::vector<double> signal = network_.output_signal(exact);
    ranking_->begin();
    Values values;
    for (size_t i = 0; i < sample.size(); ++i) values[quantised_.graph.inputs()[i]] = sample[i];
    const std::set<ir::ValueId> outputs(quantised_.graph.outputs().begin(), quantised_.graph.outputs().end());
    for (size_t c = 0; c < chains_.size(); ++c) {
      const ir::NodeId last = chains_[c].back();
      std::vector<Tensor> inputs;
      for (ir::ValueId in : outer_inputs(quantised_.graph, chains_[c])) inputs.push_back(values.at(in));
      STRETTO_ASSIGN(Tensor made, computes_[c](inputs));
      if (const auto found = by_last_.find(last); found != by_last_.end()) {
        STRETTO_TRY(judge(found->second, exact, made));
      }
      values[quantised_.graph.node(last).output] = std::move(made);
      for (ir::ValueId dead : dying_[c]) {
        if (!outputs.contains(dead)) values.erase(dead);
      }
      if (options_.progress) {
        const int all = static_cast<int>(chains_.size());
        options_.progress(number * all + static_cast<int>(c) + 1, all * static_cast<int>(samples_.size()));
      }
    }
    add_outputs(signal, exact, values);
    ranking_->end(signal);
    return {};
  }

  Status check_finite(const Values& exact) const {
    for (const auto& [id, tensor] : exact) {
      if (tensor.dtype() != DType::f32) continue;
      const auto all = tensor.as<float>();
      if (std::all_of(all.begin(), all.end(), [](float x) { return std::isfinite(x); })) continue;
      return bad_input(fmt::format(
          "value '{}' is not a number or infinite, so that errors cannot be told; look at this sample's contents",
          floats_.value(id).name));
    }
    return {};
  }

  Status judge(size_t index, const Values& exact, const Tensor& made) {
    Account& account = accounts_[index];
    const Tensor& y = exact.at(account.layer.value);
    STRETTO_ASSIGN(const Tensor own, own_result(account, exact));
    account.energies.add(y, own, account.layer.bytes ? reals_of(made, account.scale) : made);
    if (account.layer.bytes) account.facts.add(y);
    if (!std::isfinite(account.energies.total + account.energies.inherited)) {
      return bad_input(fmt::format("layer '{}' gives infinities in integers", name_of_layer(floats_, account.layer)));
    }
    return ranking_->take(index, network_, exact, account.layer.value, own);
  }

  /// The layer with exact inputs: its weights and its result rounded.
  Result<Tensor> own_result(const Account& account, const Values& exact) const {
    const IntegerLayer& layer = account.layer;
    if (layer.kind != LayerKind::product) return rounded(exact.at(layer.value), account);
    Values values = exact;
    std::vector<Tensor> inputs;
    for (ir::ValueId in : outer_inputs(floats_, std::span(layer.floats).first(1))) inputs.push_back(exact.at(in));
    STRETTO_ASSIGN(values[floats_.node(layer.floats[0]).output], products_.at(layer.floats[0])(inputs));
    for (ir::NodeId id : std::span(layer.floats).subspan(1)) {
      STRETTO_ASSIGN(values[floats_.node(id).output], network_.node(id, values));
    }
    return rounded(values.at(layer.value), account);
  }

  static Tensor rounded(const Tensor& y, const Account& account) {
    if (!account.layer.bytes) return y;
    Tensor made(y.type());
    const auto to = made.as_mutable<float>();
    std::transform(y.as<float>().begin(), y.as<float>().end(), to.begin(), [&](float x) {
      const int32_t q = op::quantize(x, account.scale.scale, account.scale.zero, DType::u8);
      return op::dequantize(q - account.scale.zero, account.scale.scale);
    });
    return made;
  }

  static Tensor reals_of(const Tensor& bytes, const ValueScale& scale) {
    Tensor reals(TensorType{DType::f32, bytes.shape()});
    const auto from = bytes.as<uint8_t>();
    std::transform(from.begin(), from.end(), reals.as_mutable<float>().begin(),
                   [&](uint8_t q) { return op::dequantize(q - scale.zero, scale.scale); });
    return reals;
  }

  void add_outputs(const std::vector<double>& signal, const Values& exact, const Values& made) {
    signal_.resize(signal.size(), 0);
    noise_.resize(signal.size(), 0);
    for (size_t i = 0; i < signal.size(); ++i) {
      signal_[i] += signal[i];
      const auto y = made.find(quantised_.graph.outputs()[i]);
      if (signal[i] > 0 && y != made.end()) noise_[i] += squared_distance(y->second, exact.at(floats_.outputs()[i]));
    }
  }

  Explanation finish() const {
    Explanation all;
    all.samples = static_cast<int>(samples_.size());
    all.ranked_samples = ranking_->samples();
    all.output_db = to_decibel(1, output_ratio(signal_, noise_));
    double ratios = 0;
    for (size_t a = 0; a < accounts_.size(); ++a) {
      all.layers.push_back(explained(accounts_[a]));
      ratios += ranking_->ratio(a).value_or(0);
    }
    for (size_t a = 0; a < accounts_.size(); ++a) {
      const std::optional<double> ratio = ranking_->ratio(a);
      if (!ratio) continue;
      all.layers[a].output_db = to_decibel(1, *ratio);
      all.layers[a].share = ratios > 0 ? *ratio / ratios : 0;
    }
    return all;
  }

  LayerExplanation explained(const Account& account) const {
    const Energies& e = account.energies;
    LayerExplanation made;
    made.layer = name_of_layer(floats_, account.layer);
    made.kind = account.layer.kind;
    made.value = floats_.value(account.layer.value).name;
    made.bytes = account.layer.bytes;
    made.total_db = to_decibel(e.signal, e.total);
    made.own_db = to_decibel(e.signal, e.own);
    made.inherited_db = to_decibel(e.signal, e.inherited);
    made.channel_db = e.median_channel_db();
    if (account.layer.kind == LayerKind::product) explain_weights(account.layer, made);
    if (account.layer.bytes) {
      const std::vector<Cause> causes = account.facts.causes();
      made.causes.insert(made.causes.end(), causes.begin(), causes.end());
    }
    return made;
  }

  void explain_weights(const IntegerLayer& layer, LayerExplanation& made) const {
    const ir::NodeId id = layer.floats[0];
    const ProductWeights weights = weights_of(floats_, id);
    const std::vector<float>& scales = recipe_.weights.at(made.layer);
    const auto rounding = recipe_.rounding.find(made.layer);
    const Tensor integers =
        integer_matrix(weights, scales, rounding == recipe_.rounding.end() ? nullptr : &rounding->second);
    const auto w = weights.matrix.as<float>();
    const auto q = integers.as<int8_t>();
    const size_t terms = w.size() / scales.size();
    double signal = 0, noise = 0;
    for (size_t i = 0; i < w.size(); ++i) {
      const double error = double{w[i]} - op::dequantize(q[i], scales[i / terms]);
      signal += double{w[i]} * w[i];
      noise += error * error;
    }
    made.weights_db = to_decibel(signal, noise);
    const ValueScale src = scale_of(floats_, plan_, recipe_, floats_.node(id).inputs[0]);
    made.causes = weight_causes(weights, integers, scales, src.scale);
  }

  const Recipe& recipe_;
  const SampleTensors& samples_;
  const Prepare& prepare_;
  const ExplainOptions& options_;
  ir::Graph floats_, rounded_;  // equalised; with rounded weights
  TypePlan plan_;               // of floats_
  Quantised quantised_;
  FloatNetwork network_;
  std::map<ir::NodeId, Compute> products_;  // of rounded_
  std::vector<Account> accounts_;
  std::map<ir::NodeId, size_t> by_last_;  // of the quantised graph: the account
  Chains chains_;
  std::vector<Compute> computes_;
  std::vector<std::vector<ir::ValueId>> dying_;
  std::vector<double> signal_, noise_;  // by output
  std::optional<Ranking> ranking_;
};

}  // namespace

Result<Explanation> explain(const ir::Graph& graph, const Recipe& recipe, const SampleTensors& samples,
                            const Prepare& prepare, const ExplainOptions& options) {
  if (samples.empty()) return bad_usage("an explanation needs at least one sample");
  return Explainer(recipe, samples, prepare, options).run(graph);
}

}  // namespace stretto::quantize
