#include "quantize/explain.h"

#include <algorithm>
#include <limits>

#include "op/integer.h"
#include "quantize/refine.h"
#include "quantize/testing.h"

namespace stretto::quantize::testing {
namespace {

using op::BinaryKind;
using op::UnaryKind;

const Shape kShape{1, 6, 16, 16};

SampleTensors samples_for(const ir::Graph& graph, int count = 3) {
  SampleTensors samples;
  for (int s = 0; s < count; ++s) {
    samples.emplace_back();
    unsigned seed = 100 + static_cast<unsigned>(s);
    for (ir::ValueId id : graph.inputs()) samples.back().push_back(random_floats(graph.value(id).type.shape, seed++));
  }
  return samples;
}

/// The samples rounded to the integers of "x": what comes in is exact.
SampleTensors on_grid(SampleTensors samples, const ValueScale& scale) {
  for (std::vector<Tensor>& sample : samples) {
    Tensor rounded(sample[0].type());
    std::transform(sample[0].as<float>().begin(), sample[0].as<float>().end(), rounded.as_mutable<float>().begin(),
                   [&](float x) {
                     const int32_t q = op::quantize(x, scale.scale, scale.zero, DType::u8);
                     return op::dequantize(q - scale.zero, scale.scale);
                   });
    sample[0] = rounded;
  }
  return samples;
}

Explanation explained(const ir::Graph& graph, const Recipe& recipe, const SampleTensors& samples,
                      const ExplainOptions& options = {}) {
  auto explanation = explain(graph, recipe, samples, prepare_reference, options);
  EXPECT_TRUE(explanation.ok()) << explanation.status().message();
  return explanation.ok() ? *explanation : Explanation{};
}

Explanation explained(const ir::Graph& graph, const Recipe& recipe) {
  return explained(graph, recipe, samples_for(graph));
}

const LayerExplanation& layer_of(const Explanation& explanation, const std::string& value) {
  static const LayerExplanation none;
  for (const LayerExplanation& layer : explanation.layers) {
    if (layer.value == value) return layer;
  }
  ADD_FAILURE() << "no layer gives '" << value << "'";
  return none;
}

const Cause* cause_of(const LayerExplanation& layer, CauseKind kind) {
  const auto found =
      std::find_if(layer.causes.begin(), layer.causes.end(), [&](const Cause& c) { return c.kind == kind; });
  return found == layer.causes.end() ? nullptr : &*found;
}

double noise(double db) {
  return std::pow(10, -db / 10);
}

/// conv → relu → conv → relu → conv; values a, b, y.
ir::Graph chain() {
  Build b;
  ir::ValueId x = b.unary(UnaryKind::relu, b.conv(b.input(kShape), 8, 3, 1, b.random({8}, 20)));
  b.graph().rename_value(x, "a");
  x = b.unary(UnaryKind::relu, b.conv(x, 8, 3, 2, b.random({8}, 21)));
  b.graph().rename_value(x, "b");
  return b.output(b.conv(x, 4, 1, 3, b.random({4}, 22)));
}

std::vector<std::string> products(const ir::Graph& graph) {
  std::vector<std::string> names;
  for (ir::NodeId id : graph.topological_order()) {
    if (std::holds_alternative<op::Conv>(graph.node(id).attrs)) names.push_back(graph.node(id).name);
  }
  return names;
}

TEST(Explain, own_and_inherited_add_up_where_one_layer_alone_is_quantised) {
  const ir::Graph g = chain();
  Recipe recipe = recipe_for(g);
  const std::vector<std::string> names = products(g);
  recipe.nodes[names[0]] = {NodeType::fp32, ""};
  recipe.nodes[names[2]] = {NodeType::fp32, ""};
  const Explanation e = explained(g, recipe);
  ASSERT_EQ(e.layers.size(), 2u);
  const LayerExplanation &rounding = e.layers[0], &product = e.layers[1];
  EXPECT_EQ(rounding.kind, LayerKind::rounding);
  EXPECT_EQ(rounding.value, "a");
  EXPECT_EQ(rounding.inherited_db, kExactDb);
  EXPECT_EQ(rounding.own_db, rounding.total_db);
  EXPECT_EQ(product.kind, LayerKind::product);
  EXPECT_EQ(product.layer, names[1]);
  EXPECT_FALSE(product.bytes);
  EXPECT_NEAR(noise(product.own_db) + noise(product.inherited_db), noise(product.total_db),
              0.1 * noise(product.total_db));
}

TEST(Explain, shares_of_the_output_add_up_to_the_whole_networks_noise) {
  const ir::Graph g = chain();
  const Explanation e = explained(g, recipe_for(g));
  ASSERT_EQ(e.layers.size(), 4u);  // x, a, b, y
  double sum = 0, shares = 0;
  for (const LayerExplanation& layer : e.layers) {
    ASSERT_TRUE(layer.output_db.has_value());
    sum += noise(*layer.output_db);
    shares += layer.share;
  }
  EXPECT_NEAR(10 * std::log10(noise(e.output_db) / sum), 0, 1.5);
  EXPECT_NEAR(shares, 1, 1e-9);
  EXPECT_EQ(e.ranked_samples, 3);
  const LayerExplanation& last = layer_of(e, "y");
  EXPECT_EQ(last.total_db, e.output_db);
  EXPECT_NEAR(*last.output_db, last.own_db, 1e-9) << "the last layer's own error is the output's";
}

/// Every kind of product, alone, whose result a table reads: its result is rounded.
std::vector<ir::Graph> lone_products() {
  std::vector<ir::Graph> all;
  const auto close = [&](Build& b, ir::ValueId x) {
    b.graph().rename_value(x, "p");
    all.push_back(b.output(b.node(op::Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1},
                                  {x, b.random({2, b.graph().value(x).type.shape[1], 1, 1}, 9)})));
  };
  for (int64_t group : {1, 2, 6}) {
    Build b;
    close(b, b.unary(UnaryKind::clip, b.conv(b.input(kShape), 6, 3, 1, b.random({6}, 20), group), -0.5f, 1.5f));
  }
  {
    Build b;
    close(b, b.node(op::ConvTranspose{{2, 2}, {1, 1}, {0, 0, 1, 0}, {0, 0}, 2},
                    {b.input(kShape), b.random({6, 2, 2, 2}, 5), b.random({4}, 22)}));
  }
  {
    Build b;
    const ir::ValueId x = b.input(kShape);
    close(b, b.unary(UnaryKind::relu, b.binary(BinaryKind::add, b.conv(x, 6, 3, 1, b.random({6}, 20)), x)));
  }
  for (const bool transposed : {false, true}) {
    Build b;
    op::Gemm gemm;
    gemm.trans_b = transposed;
    gemm.alpha = 0.5f;
    gemm.beta = 2;
    const ir::ValueId x =
        b.node(gemm, {b.input({5, 30}), b.random(transposed ? Shape{7, 30} : Shape{30, 7}, 8), b.random({7}, 23)});
    b.graph().rename_value(x, "p");
    gemm = {};
    all.push_back(b.output(b.node(gemm, {x, b.random({7, 3}, 9)})));
  }
  return all;
}

TEST(Explain, nothing_is_inherited_from_exact_inputs) {
  for (const ir::Graph& g : lone_products()) {
    const Recipe recipe = recipe_for(g);
    const Explanation e = explained(g, recipe, on_grid(samples_for(g), recipe.values.at("x")));
    const LayerExplanation& p = layer_of(e, "p");
    EXPECT_EQ(p.kind, LayerKind::product);
    EXPECT_TRUE(p.bytes);
    // But for sums in f32 that fall on the other side of a half now and then.
    EXPECT_GT(p.inherited_db, p.own_db + 15) << ir::dump(g);
    EXPECT_NEAR(p.own_db, p.total_db, 0.2) << ir::dump(g);
    EXPECT_LT(p.own_db, 60);
    EXPECT_TRUE(p.weights_db && *p.weights_db > 35 && *p.weights_db < 60);
  }
}

TEST(Explain, every_kind_of_layer_has_its_row_and_what_moves_integers_has_none) {
  Build b;
  const ir::ValueId x = b.input(kShape);
  const ir::ValueId a = b.unary(UnaryKind::relu, b.conv(x, 8, 3, 1, b.random({8}, 20)));
  const ir::ValueId s = b.unary(UnaryKind::sigmoid, a);
  const ir::ValueId sum = b.binary(BinaryKind::add, a, s);
  const ir::ValueId pooled = b.node(op::Pool{op::PoolKind::max, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}}, {sum});
  const ir::ValueId mean = b.node(op::Reduce{op::ReduceKind::mean, {2, 3}, true}, {pooled});
  const ir::Graph g = b.output(b.conv(mean, 4, 1, 3));
  const Explanation e = explained(g, recipe_for(g));
  std::vector<LayerKind> kinds;
  for (const LayerExplanation& layer : e.layers) {
    kinds.push_back(layer.kind);
    EXPECT_GT(layer.total_db, 25) << layer.layer;
    EXPECT_EQ(layer.causes.size(), 0u) << layer.layer << ": " << text_of(layer.causes[0]);
  }
  EXPECT_EQ(kinds, (std::vector<LayerKind>{LayerKind::rounding, LayerKind::product, LayerKind::table,
                                           LayerKind::addition, LayerKind::average, LayerKind::product}));
}

TEST(Explain, names_that_collide_with_ours_are_kept_apart) {
  Build b;
  const ir::ValueId x = b.input(kShape);
  const ir::ValueId a = b.unary(UnaryKind::relu, b.conv(x, 8, 3, 1));
  b.graph().rename_value(a, "x_integer");
  const ir::Graph g = b.output(b.conv(a, 4, 1, 3));
  const Explanation e = explained(g, recipe_for(g));
  ASSERT_EQ(e.layers.size(), 3u);
  EXPECT_EQ(e.layers[0].value, "x");
  EXPECT_EQ(e.layers[1].value, "x_integer");
  EXPECT_EQ(e.layers[1].kind, LayerKind::product);
}

TEST(Explain, a_correction_of_what_comes_in_is_no_error_of_the_layers_own) {
  const ir::Graph g = chain();
  const Recipe plain = recipe_for(g);
  Recipe corrected = plain;
  corrected.correction[products(g)[1]].assign(8, 0.2f);
  const LayerExplanation before = layer_of(explained(g, plain), "b"), after = layer_of(explained(g, corrected), "b");
  EXPECT_GE(after.own_db, before.own_db) << "for exact inputs a corrected bias serves its weights";
  EXPECT_LT(after.own_db, before.own_db + 3);
  EXPECT_LT(after.total_db, before.total_db - 6);
}

TEST(Explain, ranking_stops_when_its_time_is_up_and_the_rest_is_whole) {
  const ir::Graph g = chain();
  ExplainOptions options;
  options.rank_seconds = 0;
  const Explanation e = explained(g, recipe_for(g), samples_for(g), options);
  EXPECT_EQ(e.samples, 3);
  EXPECT_EQ(e.ranked_samples, 1);
  const auto ranked =
      std::count_if(e.layers.begin(), e.layers.end(), [](const auto& layer) { return layer.output_db.has_value(); });
  EXPECT_EQ(ranked, 1);
  for (const LayerExplanation& layer : e.layers) EXPECT_LT(layer.own_db, 80);
}

TEST(Explain, refined_recipes_and_progress) {
  const ir::Graph g = chain();
  const SampleTensors samples = samples_for(g, 4);
  auto recipe = refine(g, recipe_for(g), samples, prepare_reference, {});
  ASSERT_TRUE(recipe.ok());
  int last = 0, total = 0;
  ExplainOptions options;
  options.progress = [&](int done, int all) {
    EXPECT_EQ(done, ++last);
    total = all;
  };
  const Explanation e = explained(g, *recipe, samples, options);
  EXPECT_EQ(last, total);
  EXPECT_GT(e.output_db, 25);
}

TEST(Explain, samples_that_are_no_numbers_are_refused_by_name) {
  const ir::Graph g = chain();
  SampleTensors samples = samples_for(g, 2);
  Tensor bad = ir::testing::filled(kShape, 0.5f);
  bad.as_mutable<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  samples[1][0] = bad;
  const auto refused = explain(g, recipe_for(g), samples, prepare_reference, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("sample 1: value 'x'"), std::string::npos) << refused.status().message();
}

// --- causes ----------------------------------------------------------------------------------------------------------

TEST(Causes, a_channel_a_thousand_times_as_wide_is_named_though_the_tensors_figure_is_good) {
  Build b;
  Tensor weights = random_floats({8, 6, 3, 3}, 1);
  Tensor wide = floats(weights.shape(), {weights.as<float>().begin(), weights.as<float>().end()});
  for (size_t i = 0; i < 54; ++i) wide.as_mutable<float>()[3 * 54 + i] *= 1000;
  const ir::ValueId a = b.node(op::Conv{{1, 1}, {1, 1}, {1, 1, 1, 1}, 1}, {b.input(kShape), b.constant(wide)}, "a");
  const ir::Graph g = b.output(b.conv(b.unary(UnaryKind::relu, a), 4, 1, 3));
  const Explanation e = explained(g, recipe_for(g));
  const LayerExplanation& layer = e.layers[1];
  const Cause* cause = cause_of(layer, CauseKind::dwarfing_channel);
  ASSERT_NE(cause, nullptr);
  EXPECT_EQ(cause->channel, 3);
  EXPECT_GT(cause->figure, 300);
  EXPECT_NE(text_of(*cause).find("channel 3 dwarfs"), std::string::npos);
  EXPECT_GT(layer.own_db, 30);
  EXPECT_LT(layer.channel_db, 10);
}

TEST(Causes, an_outlier_makes_the_step_too_coarse) {
  const ir::Graph g = chain();
  SampleTensors samples = samples_for(g, 4);
  for (std::vector<Tensor>& sample : samples) {
    const auto all = sample[0].as<float>();
    Tensor stretched = floats(kShape, {all.begin(), all.end()});
    stretched.as_mutable<float>()[0] = 300;
    sample[0] = stretched;
  }
  Recipe recipe = recipe_for(g);
  recipe.values.at("x").scale = 301.f / 255;
  recipe.values.at("x").zero = 1;
  const Explanation e = explained(g, recipe, samples);
  const Cause* cause = cause_of(e.layers[0], CauseKind::coarse_step);
  ASSERT_NE(cause, nullptr);
  EXPECT_NE(text_of(*cause).find("step too coarse"), std::string::npos);
}

TEST(Causes, a_range_cut_to_a_quarter_is_clipped_and_saturated) {
  const ir::Graph g = chain();
  Recipe recipe = recipe_for(g);
  EXPECT_TRUE(explained(g, recipe).layers[0].causes.empty());
  recipe.values.at("x").scale /= 4;
  const Explanation e = explained(g, recipe);
  const Cause *clipped = cause_of(e.layers[0], CauseKind::clipped), *full = cause_of(e.layers[0], CauseKind::saturated);
  ASSERT_TRUE(clipped != nullptr && full != nullptr);
  EXPECT_GT(clipped->figure, 0.99);
  EXPECT_NEAR(full->figure, 0.75, 0.05);
}

TEST(Causes, a_range_that_others_set_is_unused) {
  const ir::Graph g = chain();
  Recipe recipe = recipe_for(g);
  recipe.values.at("x").scale *= 8;
  const Explanation e = explained(g, recipe);
  const Cause* cause = cause_of(e.layers[0], CauseKind::unused_range);
  ASSERT_NE(cause, nullptr);
  EXPECT_NEAR(cause->figure, 0.125, 0.01);
  EXPECT_EQ(cause_of(e.layers[0], CauseKind::coarse_step), nullptr);
}

TEST(Causes, a_huge_bias_raises_the_scale_and_its_weights_vanish) {
  Build b;
  std::vector<float> bias(8, 0.1f);
  bias[2] = 3e7f;
  const ir::Graph g = b.output(b.conv(b.input(kShape), 8, 3, 1, b.constant(floats({8}, bias))));
  const Explanation e = explained(g, recipe_for(g));
  const LayerExplanation& layer = layer_of(e, "y");
  const Cause *raised = cause_of(layer, CauseKind::bias_overflow), *gone = cause_of(layer, CauseKind::vanished_weights);
  ASSERT_TRUE(raised != nullptr && gone != nullptr);
  EXPECT_EQ(raised->channel, 2);
  EXPECT_GT(raised->figure, 100);
  EXPECT_EQ(gone->channel, 2);
  EXPECT_EQ(gone->channels, 1);
}

TEST(Causes, one_weight_that_dwarfs_its_channel_is_named) {
  Build b;
  Tensor weights = random_floats({8, 6, 3, 3}, 1);
  Tensor one = floats(weights.shape(), {weights.as<float>().begin(), weights.as<float>().end()});
  one.as_mutable<float>()[5 * 54 + 7] = 5000;
  const ir::Graph g = b.output(b.node(op::Conv{{1, 1}, {1, 1}, {1, 1, 1, 1}, 1}, {b.input(kShape), b.constant(one)}));
  const Explanation e = explained(g, recipe_for(g));
  const Cause* cause = cause_of(layer_of(e, "y"), CauseKind::dwarfed_weights);
  ASSERT_NE(cause, nullptr);
  EXPECT_EQ(cause->channel, 5);
  EXPECT_EQ(cause->channels, 1);
  EXPECT_NEAR(cause->figure, 53.0 / 54, 1e-9);
}

TEST(Causes, each_has_a_name_a_meaning_and_a_text) {
  for (CauseKind kind : all_causes()) {
    EXPECT_GT(name_of(kind).size(), 5u);
    EXPECT_GT(meaning_of(kind).size(), 40u);
    EXPECT_GT(text_of({kind, 3, 5, 2}).size(), 15u);
  }
}

}  // namespace
}  // namespace stretto::quantize::testing
