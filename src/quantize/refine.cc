#include "quantize/refine.h"

#include <algorithm>

#include "quantize/apply.h"
#include "quantize/equalise.h"
#include "quantize/liveness.h"
#include "quantize/parallel.h"
#include "quantize/product_weights.h"
#include "quantize/round_weights.h"
#include "quantize/scale_search.h"

namespace stretto::quantize {
namespace {

constexpr int64_t kManyTerms = 2000;

/// One integer product of the quantised graph, and what it stands for in the graph of floats.
struct Product {
  ir::NodeId node = ir::kNone;     // of the quantised graph
  ir::NodeId reader = ir::kNone;   // its requantisation or dequantisation
  ir::NodeId source = ir::kNone;   // of the graph of floats
  ir::ValueId target = ir::kNone;  // there: its result, with the addition that the requantisation takes in
};

class Refiner {
 public:
  Refiner(const ir::Graph& graph, const ir::Graph& floats, Recipe recipe, const SampleTensors& samples,
          const Prepare& prepare, const RefineOptions& options)
      : graph_(graph),
        floats_(floats),
        plan_(plan_types(floats)),
        recipe_(std::move(recipe)),
        samples_(samples),
        prepare_(prepare),
        options_(options) {}

  Result<Recipe> run() {
    for (ir::NodeId id : floats_.topological_order()) {
      if (plan_.roles[static_cast<size_t>(id)].role == Role::product) STRETTO_TRY(begin(id));
    }
    if (!wanted("round_weights") && !wanted("correct_bias")) return std::move(recipe_);
    STRETTO_ASSIGN(Quantised quantised, apply(graph_, recipe_));
    quantised_ = std::move(quantised.graph);
    const Chains chains = chains_of(quantised_);
    find_products(chains);
    limit_samples(chains);
    if (wanted("correct_bias")) STRETTO_TRY(take_means());
    STRETTO_TRY(walk(chains));
    return std::move(recipe_);
  }

 private:
  bool wanted(const char* step) const {
    return std::find(options_.skip.begin(), options_.skip.end(), step) == options_.skip.end();
  }

  /// Of a value that has one: check_names() and apply() saw to its line.
  ValueScale scale_of(ir::ValueId id) const {
    const int group = plan_.group_of[static_cast<size_t>(id)];
    const auto it = recipe_.values.find(floats_.value(plan_.groups[static_cast<size_t>(group)].values[0]).name);
    return it == recipe_.values.end() ? ValueScale{} : it->second;
  }
  ValueScale source_scale(ir::NodeId product) const { return scale_of(floats_.node(product).inputs[0]); }

  /// What does not depend on samples: the scales, and a correction of nothing, for which apply() makes a bias.
  Status begin(ir::NodeId id) {
    const std::string& name = floats_.node(id).name;
    const ProductWeights weights = weights_of(floats_, id);
    if (wanted("search_weight_scales")) {
      auto scales = search_scales(weights, source_scale(id).scale);
      if (!scales.ok()) return scales.status().in("node '" + name + "'");
      recipe_.weights[name] = *scales;
    }
    if (wanted("correct_bias")) recipe_.correction[name].assign(weights.bias.size(), 0.f);
    return {};
  }

  void find_products(const Chains& chains) {
    std::map<std::string, ir::NodeId> sources;
    for (ir::NodeId id : floats_.topological_order()) {
      if (plan_.roles[static_cast<size_t>(id)].role == Role::product) sources[floats_.node(id).name] = id;
    }
    for (const std::vector<ir::NodeId>& chain : chains) {
      const auto source = sources.find(quantised_.node(chain[0]).name);
      if (chain.size() < 2 || source == sources.end()) continue;
      Product product{chain[0], chain[1], source->second, floats_.node(source->second).output};
      if (quantised_.node(product.reader).inputs.size() > 2) {
        product.target = floats_.node(floats_.sole_user(product.target)).output;
      }
      products_[product.reader] = product;
    }
  }

  void limit_samples(const Chains& chains) {
    const int64_t fit = kMostSampleBytes / std::max<int64_t>(1, most_alive(quantised_, chains));
    const int64_t count = std::min<int64_t>(std::max<int64_t>(1, fit), static_cast<int64_t>(samples_.size()));
    used_.assign(samples_.begin(), samples_.begin() + count);
  }

  Status take_means() {
    std::vector<ir::ValueId> targets;
    for (const auto& [reader, product] : products_) targets.push_back(product.target);
    if (options_.means == nullptr) {
      STRETTO_ASSIGN(means_, float_means(floats_, targets, used_, prepare_));
      return {};
    }
    STRETTO_CHECK(options_.means->size() >= used_.size());
    const std::vector<std::vector<float>> divisors = divisors_of(graph_, recipe_.equalise);
    for (ir::ValueId target : targets) {
      std::vector<double>& mean = means_[target];
      for (size_t s = 0; s < used_.size(); ++s) {
        const std::vector<double>& one = (*options_.means)[s].at(target);
        mean.resize(one.size(), 0);
        for (size_t c = 0; c < one.size(); ++c) mean[c] += one[c] / static_cast<double>(used_.size());
      }
      const std::vector<float>& by = divisors[static_cast<size_t>(target)];
      for (size_t c = 0; c < by.size(); ++c) mean[c] /= double{by[c]};
    }
    return {};
  }

  Status walk(const Chains& chains) {
    for (size_t i = 0; i < quantised_.inputs().size(); ++i) {
      std::vector<Tensor>& all = values_[quantised_.inputs()[i]];
      for (const std::vector<Tensor>& sample : used_) all.push_back(sample[i]);
    }
    const std::vector<std::vector<ir::ValueId>> dying = last_readings(quantised_, chains);
    for (size_t c = 0; c < chains.size(); ++c) {
      const auto product = products_.find(chains[c].back());
      if (product != products_.end()) STRETTO_TRY(decide(product->second).in(place(product->second)));
      STRETTO_TRY(compute(chains[c]));
      for (ir::ValueId dead : dying[c]) values_.erase(dead);
      if (options_.progress) options_.progress(static_cast<int>(c) + 1, static_cast<int>(chains.size()));
    }
    return {};
  }

  std::string place(const Product& product) const { return "node '" + floats_.node(product.source).name + "'"; }

  Status compute(const std::vector<ir::NodeId>& chain) {
    STRETTO_ASSIGN(const Compute compute, prepare_(quantised_, chain));
    const std::vector<ir::ValueId> outer = outer_inputs(quantised_, chain);
    std::vector<Tensor>& made = values_[quantised_.node(chain.back()).output];
    for (size_t s = 0; s < used_.size(); ++s) {
      std::vector<Tensor> inputs;
      for (ir::ValueId in : outer) inputs.push_back(values_.at(in)[s]);
      STRETTO_ASSIGN(Tensor tensor, compute(inputs));
      made.push_back(std::move(tensor));
    }
    return {};
  }

  Status decide(const Product& product) {
    const ir::Node& node = quantised_.node(product.node);
    const std::string name = floats_.node(product.source).name;
    const ProductWeights weights = weights_of(floats_, product.source);
    const std::vector<float>& scales = recipe_.weights.at(name);
    const std::vector<Tensor>& sources = values_.at(node.inputs[0]);
    const ProductShape shape{node.attrs, quantised_.value(node.inputs[1]).type.shape,
                             quantised_.value(node.output).type.shape};
    const int64_t terms = column_terms(shape);
    if (wanted("round_weights") && terms <= kMostTerms) {
      const int64_t places = terms < kManyTerms ? options_.places : 2 * options_.places;
      const Columns columns =
          sample_columns(shape, sources, places, static_cast<uint64_t>(product.node), options_.threads);
      if (auto rounding = round_weights(weights.matrix, scales, columns, options_.threads)) {
        recipe_.rounding[name] = std::move(*rounding);
      }
    } else if (wanted("round_weights")) {
      NodeChoice& choice = recipe_.nodes[name];
      if (choice.reason.empty()) choice.reason = "its weights are rounded to nearest: a sum has too many terms";
    }
    const auto rounding = recipe_.rounding.find(name);
    const Tensor integers =
        integer_matrix(weights, scales, rounding == recipe_.rounding.end() ? nullptr : &rounding->second);
    quantised_.set_constant(node.inputs[1], operator_weights(floats_, product.source, integers));
    if (!wanted("correct_bias")) return {};
    return correct(product, shape, weights, integers);
  }

  Status correct(const Product& product, const ProductShape& shape, const ProductWeights& weights,
                 const Tensor& integers) {
    const ir::Node& node = quantised_.node(product.node);
    const std::string name = floats_.node(product.source).name;
    const std::vector<float>& scales = recipe_.weights.at(name);
    const ValueScale src = source_scale(product.source);
    const std::vector<double> sums = mean_sums(shape, integers, values_.at(node.inputs[0]), options_.threads);
    const std::vector<double> other = mean_of_other(product, sums.size());
    const std::vector<double>& target = means_.at(product.target);
    std::vector<float> correction(sums.size());
    for (size_t c = 0; c < sums.size(); ++c) {
      const double made = sums[c] * src.scale * scales[c] + weights.bias[c] + other[c];
      correction[c] = static_cast<float>(target[c] - made);
    }
    auto bias = integer_bias(weights, integers, scales, src, correction);
    if (!bias.ok()) {  // too great for the sums: none
      correction.assign(correction.size(), 0.f);
      bias = integer_bias(weights, integers, scales, src, correction);
    }
    if (!bias.ok()) return bias.status();
    quantised_.set_constant(node.inputs[2], *bias);
    recipe_.correction[name] = std::move(correction);
    return {};
  }

  /// The mean by channel of the other summand that the product's requantisation takes in; zeros where it takes none.
  std::vector<double> mean_of_other(const Product& product, size_t channels) const {
    const ir::Node& reader = quantised_.node(product.reader);
    if (reader.inputs.size() < 3) return std::vector<double>(channels, 0);
    const ValueScale scale = scale_of(floats_other(product));
    ChannelMeans means;
    for (const Tensor& bytes : values_.at(reader.inputs[2])) means.add(bytes, scale.scale, scale.zero);
    return means.means();
  }

  ir::ValueId floats_other(const Product& product) const {
    const std::vector<ir::ValueId>& summands = floats_.node(floats_.producer(product.target)).inputs;
    return summands[0] == floats_.node(product.source).output ? summands[1] : summands[0];
  }

  const ir::Graph& graph_;   // as given
  const ir::Graph& floats_;  // equalised
  const TypePlan plan_;
  Recipe recipe_;
  const SampleTensors& samples_;
  const Prepare& prepare_;
  const RefineOptions& options_;
  ir::Graph quantised_;
  std::map<ir::NodeId, Product> products_;  // by reader
  SampleTensors used_;
  Means means_;                                        // of floats_
  std::map<ir::ValueId, std::vector<Tensor>> values_;  // of quantised_, alive, by sample
};

}  // namespace

Result<Recipe> refine(const ir::Graph& graph, Recipe draft, const SampleTensors& samples, const Prepare& prepare,
                      const RefineOptions& options) {
  if (samples.empty()) return bad_usage("refinement needs at least one sample");
  STRETTO_ASSIGN(const ir::Graph floats, equalise(graph, draft.equalise));
  return Refiner(graph, floats, std::move(draft), samples, prepare, options).run();
}

}  // namespace stretto::quantize
