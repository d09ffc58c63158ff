#include "quantize/refine.h"

#include <algorithm>

#include "quantize/steps.h"
#include "quantize/testing.h"

namespace stretto::quantize::testing {
namespace {

using op::BinaryKind;
using op::UnaryKind;

const Shape kShape{1, 6, 7, 7};

SampleTensors samples_for(const ir::Graph& graph, int count) {
  SampleTensors samples;
  for (int s = 0; s < count; ++s) {
    samples.emplace_back();
    unsigned seed = 100 + static_cast<unsigned>(s);
    for (ir::ValueId id : graph.inputs()) samples.back().push_back(random_floats(graph.value(id).type.shape, seed++));
  }
  return samples;
}

Recipe refined(const ir::Graph& graph, const SampleTensors& samples, const RefineOptions& options = {}) {
  auto recipe = refine(graph, recipe_for(graph), samples, prepare_reference, options);
  EXPECT_TRUE(recipe.ok()) << recipe.status().message();
  return recipe.ok() ? *recipe : Recipe{};
}

/// Every kind of product: strided, depthwise, grouped, transposed, a residual addition, a gemm.
ir::Graph network() {
  Build b;
  ir::ValueId x = b.unary(UnaryKind::relu, b.conv(b.input(kShape), 8, 3, 1, b.random({8}, 20)));
  ir::ValueId y = b.unary(UnaryKind::clip, b.conv(x, 8, 3, 2, ir::kNone, 8), 0, 2);
  y = b.conv(y, 8, 1, 3, b.random({8}, 21));
  ir::ValueId sum = b.binary(BinaryKind::add, y, x);
  ir::ValueId grouped = b.unary(UnaryKind::leaky_relu, b.conv(sum, 4, 3, 4, ir::kNone, 2), 0.1f);
  ir::ValueId up = b.node(op::ConvTranspose{{2, 2}, {1, 1}, {0, 0, 1, 0}, {0, 0}, 1},
                          {grouped, b.random({4, 6, 2, 2}, 5), b.random({6}, 22)});
  ir::ValueId strided = b.node(op::Conv{{2, 2}, {1, 1}, {1, 0, 1, 1}, 1}, {up, b.random({5, 6, 3, 3}, 6)});
  const Shape& shape = b.graph().value(strided).type.shape;
  const int64_t flat = shape[1] * shape[2] * shape[3];
  ir::ValueId row = b.node(op::Reshape{{1, flat}}, {strided});
  op::Gemm gemm;
  gemm.trans_b = true;
  return b.output(b.node(gemm, {row, b.random({7, flat}, 8), b.random({7}, 23)}));
}

/// By value of the quantised graph, its tensors for the samples.
std::map<std::string, std::vector<Tensor>> evaluated(const ir::Graph& graph, const SampleTensors& samples) {
  std::map<std::string, std::vector<Tensor>> all;
  for (size_t s = 0; s < samples.size(); ++s) {
    const std::vector<Tensor> values = evaluate(graph, 100 + static_cast<unsigned>(s));
    for (ir::NodeId id : graph.topological_order()) {
      const ir::ValueId out = graph.node(id).output;
      all[graph.value(out).name].push_back(values[static_cast<size_t>(out)]);
    }
  }
  return all;
}

TEST(Refine, each_step_decides_its_part_and_can_be_left_out) {
  const ir::Graph g = network();
  const SampleTensors samples = samples_for(g, 8);
  RefineOptions none;
  for (const Step& step : steps()) none.skip.push_back(step.name);
  EXPECT_EQ(refined(g, samples, none), recipe_for(g));
  for (const Step& step : steps()) {
    RefineOptions but;
    but.skip = {step.name};
    const Recipe recipe = refined(g, samples, but), draft = recipe_for(g);
    EXPECT_EQ(recipe.weights == draft.weights, step.name == std::string("search_weight_scales"));
    EXPECT_EQ(recipe.rounding.empty(), step.name == std::string("round_weights"));
    EXPECT_EQ(recipe.correction.empty(), step.name == std::string("correct_bias"));
  }
}

TEST(Refine, the_mean_error_of_every_product_is_gone) {
  const ir::Graph g = network();
  const SampleTensors samples = samples_for(g, 6);
  const Recipe recipe = refined(g, samples);
  const ir::Graph q = applied(g, recipe).graph;
  const auto integers = evaluated(q, samples), reals = evaluated(g, samples);
  int checked = 0;
  for (ir::NodeId id : q.topological_order()) {
    const ir::Node& reader = q.node(id);
    const bool rescales =
        std::holds_alternative<op::Requantize>(reader.attrs) || std::holds_alternative<op::Dequantize>(reader.attrs);
    if (!rescales || q.producer(reader.inputs[0]) == ir::kNone) continue;
    const ir::Node& node = q.node(q.producer(reader.inputs[0]));
    const auto weights = recipe.weights.find(node.name);
    if (weights == recipe.weights.end() || reader.inputs.size() > 2) continue;
    ir::NodeId source = ir::kNone;
    for (ir::NodeId n : g.topological_order()) source = g.node(n).name == node.name ? n : source;
    const TypePlan plan = plan_types(g);
    const int group = plan.group_of[static_cast<size_t>(g.node(source).inputs[0])];
    const double unit = recipe.values.at(g.value(plan.groups[static_cast<size_t>(group)].values[0]).name).scale;
    const Shape& shape = q.value(node.output).type.shape;
    const int64_t channels = shape[1], inner = elements(shape) / channels;
    for (int64_t c = 0; c < channels; ++c) {
      double made = 0, meant = 0;
      const double step = unit * weights->second[static_cast<size_t>(c)];
      for (size_t s = 0; s < samples.size(); ++s) {
        for (int64_t i = 0; i < inner; ++i) {
          const auto at = static_cast<size_t>(c * inner + i);
          made += integers.at(q.value(node.output).name)[s].as<int32_t>()[at] * step;
          meant += reals.at(g.value(g.node(source).output).name)[s].as<float>()[at];
        }
      }
      const auto count = static_cast<double>(inner * static_cast<int64_t>(samples.size()));
      EXPECT_NEAR(made / count, meant / count, 0.51 * step + 1e-6) << node.name << " channel " << c;
    }
    ++checked;
  }
  EXPECT_EQ(checked, 6);  // all but the one whose sums an addition takes in
}

/// Refinement's evaluator, which notes the weights and biases that integer products were computed with.
struct Spy {
  std::map<std::string, std::vector<Tensor>> constants;  // the last of each node
  Prepare prepare() {
    return [this](const ir::Graph& graph, std::span<const ir::NodeId> chain) {
      const ir::Node& node = graph.node(chain[0]);
      std::vector<Tensor> found;
      for (ir::ValueId in : node.inputs) {
        if (graph.value(in).is_constant()) found.push_back(graph.value(in).constant);
      }
      if (!found.empty() && found[0].dtype() == DType::i8) constants[node.name] = found;
      return prepare_reference(graph, chain);
    };
  }
};

TEST(Refine, apply_makes_of_the_recipe_the_integers_that_refinement_computed) {
  const ir::Graph g = network();
  Spy spy;
  auto recipe = refine(g, recipe_for(g), samples_for(g, 4), spy.prepare(), {});
  ASSERT_TRUE(recipe.ok()) << recipe.status().message();
  auto read = parse_recipe(to_text(*recipe), "text");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, *recipe);
  const ir::Graph q = applied(g, *read).graph;
  EXPECT_EQ(spy.constants.size(), 7u);
  for (ir::NodeId id : q.topological_order()) {
    const ir::Node& node = q.node(id);
    const auto seen = spy.constants.find(node.name);
    if (seen == spy.constants.end()) continue;
    ASSERT_EQ(node.inputs.size(), 1 + seen->second.size());
    for (size_t i = 0; i < seen->second.size(); ++i) {
      const Tensor &a = q.value(node.inputs[1 + i]).constant, &b = seen->second[i];
      ASSERT_TRUE(a.type() == b.type());
      EXPECT_EQ(std::memcmp(a.data(), b.data(), a.bytes()), 0) << node.name << " constant " << i;
    }
    spy.constants.erase(seen);
  }
  EXPECT_TRUE(spy.constants.empty());
}

TEST(Refine, threads_change_nothing) {
  const ir::Graph g = network();
  const SampleTensors samples = samples_for(g, 5);
  RefineOptions three;
  three.threads = 3;
  EXPECT_EQ(to_text(refined(g, samples, three)), to_text(refined(g, samples)));
}

TEST(Refine, sums_by_term_are_those_of_the_product) {
  const ir::Graph g = network(), q = applied(g, recipe_for(g)).graph;
  const std::vector<Tensor> values = evaluate(q, 7);
  int products = 0;
  for (ir::NodeId id : q.topological_order()) {
    const ir::Node& node = q.node(id);
    if (q.value(node.output).type.dtype != DType::i32) continue;
    ++products;
    const ProductShape shape{node.attrs, q.value(node.inputs[1]).type.shape, q.value(node.output).type.shape};
    const Tensor& weights = q.value(node.inputs[1]).constant;
    const Tensor& sums = values[static_cast<size_t>(node.output)];
    const int64_t channels = sums.shape()[1], inner = sums.elements() / channels;
    Tensor matrix = weights.reshaped({weights.shape()[0], weights.elements() / weights.shape()[0]});
    if (std::holds_alternative<op::ConvTransposeInteger>(node.attrs)) {
      matrix = Tensor(TensorType{DType::i8, {channels, weights.elements() / channels}});
      const int64_t window = weights.shape()[2] * weights.shape()[3];
      for (int64_t i = 0; i < weights.elements(); ++i) {
        const int64_t c = i / (channels * window), o = i / window % channels, w = i % window;
        matrix.as_mutable<int8_t>()[static_cast<size_t>((o * weights.shape()[0] + c) * window + w)] =
            weights.as<int8_t>()[static_cast<size_t>(i)];
      }
    }
    const std::vector<double> means =
        mean_sums(shape, matrix, std::span(&values[static_cast<size_t>(node.inputs[0])], 1), 2);
    for (int64_t c = 0; c < channels; ++c) {
      double mean = 0;
      for (int64_t i = 0; i < inner; ++i) mean += sums.as<int32_t>()[static_cast<size_t>(c * inner + i)];
      const double bias =
          node.inputs.size() > 2 ? q.value(node.inputs[2]).constant.as<int32_t>()[static_cast<size_t>(c)] : 0;
      EXPECT_NEAR(mean / static_cast<double>(inner) - bias, means[static_cast<size_t>(c)], 1e-6) << node.name;
    }
  }
  EXPECT_EQ(products, 7);
}

TEST(Refine, every_column_is_a_sum_of_the_product) {
  const ir::Graph g = network(), q = applied(g, recipe_for(g)).graph;
  const std::vector<Tensor> values = evaluate(q, 7);
  for (ir::NodeId id : q.topological_order()) {
    const ir::Node& node = q.node(id);
    if (!std::holds_alternative<op::ConvInteger>(node.attrs)) continue;
    const Tensor& weights = q.value(node.inputs[1]).constant;
    const Tensor& sums = values[static_cast<size_t>(node.output)];
    const ProductShape shape{node.attrs, weights.shape(), sums.shape()};
    const int64_t inner = sums.shape()[2] * sums.shape()[3], channels = sums.shape()[1];
    const Columns columns =
        sample_columns(shape, std::span(&values[static_cast<size_t>(node.inputs[0])], 1), inner, 3, 1);
    ASSERT_EQ(columns.count, inner);  // all places, in order
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t bias =
          node.inputs.size() > 2 ? q.value(node.inputs[2]).constant.as<int32_t>()[static_cast<size_t>(c)] : 0;
      for (int64_t i = 0; i < inner; ++i) {
        int64_t sum = bias;
        for (int64_t k = 0; k < columns.terms; ++k) {
          sum += int64_t{weights.as<int8_t>()[static_cast<size_t>(c * columns.terms + k)]} *
                 columns.of(c / (channels / columns.groups), k)[i];
        }
        ASSERT_EQ(sum, sums.as<int32_t>()[static_cast<size_t>(c * inner + i)]) << node.name;
      }
    }
  }
}

TEST(Refine, no_samples_are_refused) {
  EXPECT_FALSE(refine(network(), recipe_for(network()), {}, prepare_reference, {}).ok());
}

}  // namespace
}  // namespace stretto::quantize::testing
