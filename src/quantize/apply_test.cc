#include "quantize/apply.h"

#include "quantize/equalise.h"
#include "quantize/testing.h"

namespace stretto::quantize::testing {
namespace {

using op::BinaryKind;
using op::UnaryKind;

const Shape kShape{1, 8, 6, 6};

/// By its oracle the integer graph is as near to the FP32 one as 8 bits allow, and its operators are these.
void expect_quantised(const ir::Graph& graph, const std::string& expected, double decibels = 30) {
  Quantised q = applied(graph, recipe_for(graph));
  EXPECT_EQ(operators(q.graph), expected) << ir::dump(q.graph);
  EXPECT_TRUE(ir::verify(q.graph).ok());
  EXPECT_GT(signal_to_noise(graph, q.graph), decibels) << ir::dump(q.graph);
}

ir::ValueId bias(Build& b, int64_t channels, unsigned seed) {
  return b.random({channels}, seed);
}

TEST(Apply, a_chain_of_convolutions_stays_in_integers_and_ends_from_the_sums) {
  Build b;
  ir::ValueId v = b.unary(UnaryKind::relu, b.conv(b.input(kShape), 16, 3, 1, bias(b, 16, 2)));
  v = b.unary(UnaryKind::clip, b.conv(v, 16, 3, 3, ir::kNone, 16), 0, 6);
  ir::Graph g = b.output(b.conv(v, 8, 1, 4));
  expect_quantised(g, "quantize conv_integer requantize conv_integer requantize conv_integer dequantize", 32);
}

TEST(Apply, the_graph_in_full) {
  Build b;
  ir::ValueId x = b.input({1, 1, 2, 2});
  ir::ValueId w = b.constant(floats({1, 1, 1, 1}, {1.27f}), "w1"), c = b.constant(floats({1}, {0.5f}), "b1");
  ir::ValueId v = b.node(op::Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, {x, w, c}, "v");
  ir::ValueId r = b.node(op::Unary{UnaryKind::relu}, {v}, "r");
  ir::ValueId w2 = b.constant(floats({1, 1, 1, 1}, {-127}), "w2");
  ir::Graph g = b.output(b.node(op::Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, {r, w2}, "y"));
  Recipe recipe;
  recipe.model_sha256 = kHash;
  recipe.values = {{"x", {0.5f, 100}}, {"r", {0.25f, 0}}};
  for (ir::NodeId id : g.topological_order()) {
    if (std::holds_alternative<op::Conv>(g.node(id).attrs)) {
      recipe.weights[g.node(id).name] = {g.value(g.node(id).output).name == "v" ? 0.01f : 1.f};
    }
  }
  Build e;
  ir::ValueId q = e.node(op::Quantize{0.5f, 100, DType::u8}, {e.input({1, 1, 2, 2})});
  auto integers = [&](int8_t value) {
    return e.constant(Tensor::of<int8_t>(DType::i8, {1, 1, 1, 1}, std::span(&value, 1)));
  };
  const int32_t hundred = 100;
  ir::ValueId sums =
      e.node(op::ConvInteger{{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, 100},
             {q, integers(127), e.constant(Tensor::of<int32_t>(DType::i32, {1}, std::span(&hundred, 1)))});
  ir::ValueId u =
      e.node(op::Requantize{0, 0, 0, 0, 0, 255, DType::u8}, {sums, e.constant(floats({1}, {0.5f * 0.01f / 0.25f}))});
  ir::ValueId last = e.node(op::ConvInteger{{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, 0}, {u, integers(-127)});
  ir::Graph expected = e.output(e.node(op::Dequantize{0, 1}, {last, e.constant(floats({1}, {0.25f}))}));
  Quantised got = applied(g, recipe);
  EXPECT_EQ(ir::testing::difference(got.graph, expected), "") << ir::dump(got.graph) << ir::dump(expected);
}

TEST(Apply, a_residual_addition_is_the_requantisation_of_its_later_product) {
  Build b;
  ir::ValueId x = b.unary(UnaryKind::relu, b.conv(b.input(kShape), 8, 1, 1));
  ir::ValueId y = b.conv(b.unary(UnaryKind::relu, b.conv(x, 8, 3, 2)), 8, 3, 3);
  ir::ValueId sum = b.unary(UnaryKind::relu, b.binary(BinaryKind::add, y, x));
  ir::Graph g = b.output(b.conv(sum, 4, 1, 5));
  expect_quantised(g,
                   "quantize conv_integer requantize conv_integer requantize conv_integer requantize conv_integer "
                   "dequantize");
}

TEST(Apply, an_addition_of_two_stored_values_is_a_requantisation_of_one) {
  Build b;
  ir::ValueId x = b.input(kShape);
  ir::ValueId p = b.unary(UnaryKind::relu, b.conv(x, 8, 1, 1)), q = b.unary(UnaryKind::relu, b.conv(x, 8, 1, 2));
  ir::Graph g = b.output(b.conv(b.binary(BinaryKind::add, p, q), 4, 1, 5));
  expect_quantised(g, "quantize conv_integer requantize conv_integer requantize requantize conv_integer dequantize");
}

TEST(Apply, a_value_added_to_itself) {
  Build b;
  ir::ValueId v = b.conv(b.input(kShape), 8, 1, 1);
  ir::Graph g = b.output(b.conv(b.binary(BinaryKind::add, v, v), 4, 1, 5));
  expect_quantised(g, "quantize conv_integer requantize requantize conv_integer dequantize");
}

TEST(Apply, pooling_concat_and_movement_carry_integers) {
  Build b;
  ir::ValueId x = b.unary(UnaryKind::relu, b.conv(b.input(kShape), 8, 1, 1));
  ir::ValueId pooled = b.node(op::Pool{op::PoolKind::max, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, {x});
  ir::ValueId average = b.node(op::Pool{op::PoolKind::average, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, {x});
  ir::ValueId all = b.node(op::Concat{1}, {pooled, average, b.conv(x, 8, 3, 7)});
  ir::ValueId padded = b.node(op::Pad{op::PadMode::constant, {0, 0, 1, 1, 0, 0, 1, 1}}, {all});
  ir::Graph g = b.output(b.conv(padded, 4, 1, 5));
  expect_quantised(g,
                   "quantize conv_integer requantize pool pool conv_integer requantize concat pad conv_integer "
                   "dequantize");
}

TEST(Apply, global_average_then_gemm) {
  for (bool trans_b : {false, true}) {
    Build b;
    ir::ValueId x = b.unary(UnaryKind::relu, b.conv(b.input({2, 8, 6, 6}), 8, 1, 1));
    ir::ValueId mean = b.node(op::Reduce{op::ReduceKind::mean, {2, 3}, true}, {x});
    ir::ValueId flat = b.node(op::Reshape{{2, 8}}, {mean});
    ir::ValueId w = b.random(trans_b ? Shape{5, 8} : Shape{8, 5}, 3);
    ir::ValueId y = b.node(op::Gemm{false, trans_b, 0.5f, 2.f}, {flat, w, b.random({1, 5}, 4)});
    ir::Graph g = b.output(b.node(op::Softmax{1}, {y}));
    expect_quantised(g, "quantize conv_integer requantize reduce requantize reshape gemm_integer dequantize softmax");
  }
}

TEST(Apply, a_transposed_convolution_with_groups) {
  Build b;
  ir::ValueId x = b.unary(UnaryKind::relu, b.conv(b.input(kShape), 8, 1, 1));
  ir::ValueId w = b.random({8, 3, 2, 2}, 2);
  ir::ValueId y = b.node(op::ConvTranspose{{2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}, 2}, {x, w, b.random({6}, 3)});
  ir::Graph g = b.output(b.conv(b.unary(UnaryKind::relu, y), 4, 1, 5));
  expect_quantised(g, "quantize conv_integer requantize conv_transpose_integer requantize conv_integer dequantize");
}

TEST(Apply, a_leaky_relu_is_the_slope_of_the_requantisation_of_its_product_or_addition) {
  Build b;
  ir::ValueId x = b.unary(UnaryKind::leaky_relu, b.conv(b.input(kShape), 8, 3, 1, bias(b, 8, 2)), 0.1f);
  ir::ValueId sum = b.binary(BinaryKind::add, b.conv(x, 8, 1, 2), x);
  ir::Graph g = b.output(b.conv(b.unary(UnaryKind::leaky_relu, sum, 0.25f), 4, 1, 5));
  expect_quantised(g, "quantize conv_integer requantize conv_integer requantize conv_integer dequantize");
  const ir::Graph q = applied(g, recipe_for(g)).graph;
  std::vector<float> slopes;
  for (ir::NodeId id : q.topological_order()) {
    if (const auto* r = std::get_if<op::Requantize>(&q.node(id).attrs)) {
      slopes.push_back(r->slope);
      EXPECT_TRUE(r->low == 0 && r->high == 255 && r->zero > 0);
    }
  }
  EXPECT_EQ(slopes, (std::vector<float>{0.1f, 0.25f}));
}

TEST(Apply, other_activations_are_tables) {
  for (UnaryKind kind : {UnaryKind::hard_swish, UnaryKind::sigmoid, UnaryKind::swish, UnaryKind::tanh}) {
    Build b;
    ir::Graph g = b.output(b.conv(b.unary(kind, b.conv(b.input(kShape), 8, 1, 1)), 4, 1, 5));
    expect_quantised(g, "quantize conv_integer requantize lookup conv_integer dequantize");
  }
}

TEST(Apply, borders_are_shared_by_their_readers) {
  Build b;
  ir::ValueId x = b.input(kShape);
  ir::ValueId p = b.unary(UnaryKind::relu, b.conv(x, 8, 1, 1));
  ir::ValueId e1 = b.unary(UnaryKind::exp, p), e2 = b.node(op::Softmax{1}, {p});
  ir::ValueId mixed = b.binary(BinaryKind::mul, e1, e2);
  ir::ValueId q = b.conv(mixed, 4, 1, 3), r = b.conv(mixed, 4, 1, 4), s = b.conv(p, 4, 1, 5);
  ir::Graph g = b.output(b.node(op::Concat{1}, {q, r, s}));
  Quantised quantised = applied(g, recipe_for(g));
  const std::string ops = operators(quantised.graph);
  auto count = [&](const std::string& word) {
    int n = 0;
    for (size_t at = ops.find(word); at != std::string::npos; at = ops.find(word, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count("conv_integer"), 4);
  EXPECT_EQ(count(" quantize") + ops.starts_with("quantize"), 2) << ops;  // x, and mixed once for two readers
  EXPECT_EQ(count("dequantize"), 4) << ops;                               // p once for two readers; q, r, s
  EXPECT_GT(signal_to_noise(g, quantised.graph), 25);
}

TEST(Apply, a_value_that_is_also_an_output_keeps_its_name_and_is_f32) {
  Build b;
  ir::ValueId p = b.unary(UnaryKind::relu, b.conv(b.input(kShape), 8, 1, 1));
  b.output(p, "middle");
  ir::Graph g = b.output(b.conv(p, 4, 1, 5));
  expect_quantised(g, "quantize conv_integer requantize conv_integer dequantize dequantize");
}

TEST(Apply, every_node_is_integer_or_says_why_not_and_the_recipe_decides) {
  Build b;
  ir::ValueId p = b.unary(UnaryKind::relu, b.conv(b.input(kShape), 8, 1, 1));
  ir::ValueId q = b.unary(UnaryKind::relu, b.conv(p, 8, 3, 2));
  ir::Graph g = b.output(b.node(op::Softmax{1}, {b.conv(q, 4, 1, 5)}));
  Recipe recipe = recipe_for(g);
  const ir::NodeId middle = g.producer(g.node(g.producer(q)).inputs[0]);
  recipe.nodes[g.node(middle).name] = {NodeType::fp32, "too much noise"};
  Quantised quantised = applied(g, recipe);
  EXPECT_EQ(operators(quantised.graph),
            "quantize conv_integer dequantize unary conv unary quantize conv_integer dequantize softmax");
  EXPECT_EQ(quantised.nodes.size(), 6u);
  for (const Outcome& o : quantised.nodes) EXPECT_NE(o.integer, !o.reason.empty()) << o.node;
  recipe.nodes.clear();
  for (ir::NodeId id : g.topological_order()) recipe.nodes[g.node(id).name] = {NodeType::fp32, ""};
  EXPECT_EQ(ir::testing::difference(applied(g, recipe).graph, g), "");
}

TEST(Apply, rounding_and_correction_change_weights_and_bias) {
  Build b;
  ir::Graph g = b.output(b.conv(b.input({1, 1, 2, 2}), 1, 1, 1));
  const ir::NodeId conv = g.topological_order()[0];
  Recipe recipe = recipe_for(g);
  recipe.weights[g.node(conv).name] = {0.02f};
  recipe.correction[g.node(conv).name] = {0.25f};
  const float weight = g.value(g.node(conv).inputs[1]).constant.as<float>()[0];
  for (uint8_t up : {0, 1}) {
    recipe.rounding[g.node(conv).name] = Rounding(1, {up});
    ir::Graph q = applied(g, recipe).graph;
    for (ir::NodeId id : q.topological_order()) {
      if (!std::holds_alternative<op::ConvInteger>(q.node(id).attrs)) continue;
      EXPECT_EQ(q.value(q.node(id).inputs[1]).constant.as<int8_t>()[0],
                static_cast<int8_t>(std::floor(weight / 0.02f) + up));
      EXPECT_EQ(q.value(q.node(id).inputs[2]).constant.as<int32_t>()[0],
                static_cast<int32_t>(std::rint(0.25 / (double{recipe.values["x"].scale} * 0.02f))));
    }
  }
}

TEST(Apply, weights_of_zeros_and_constant_activations_are_no_trouble) {
  Build b;
  ir::ValueId x = b.input(kShape);
  ir::ValueId zeros = b.constant(ir::testing::filled({8, 8, 1, 1}, 0), "zeros");
  ir::ValueId dead = b.unary(UnaryKind::relu, b.node(op::Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, {x, zeros}));
  ir::ValueId v = b.binary(BinaryKind::add, b.unary(UnaryKind::relu, b.conv(x, 8, 1, 1)), dead);
  ir::Graph g = b.output(b.conv(v, 4, 1, 5));
  Recipe recipe = recipe_for(g);
  EXPECT_EQ(recipe.values[g.value(dead).name].scale, kScaleOfNothing);
  EXPECT_GT(signal_to_noise(g, applied(g, recipe).graph), 30);
}

TEST(Apply, a_large_bias_raises_its_weight_scale_and_a_small_scale_is_refused) {
  Build b;
  ir::ValueId w = b.constant(floats({1, 1, 1, 1}, {1e-9f}), "w"), c = b.constant(floats({1}, {1000}), "c");
  ir::ValueId v = b.node(op::Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, {b.input({1, 1, 2, 2}), w, c});
  ir::Graph g = b.output(v);
  Recipe recipe = recipe_for(g);
  EXPECT_GT(signal_to_noise(g, applied(g, recipe).graph), 60);
  recipe.weights.begin()->second[0] = 1e-9f;
  auto refused = apply(g, recipe);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("leave 32 bits"), std::string::npos) << refused.status().message();
}

TEST(Apply, equalised_channels_compute_the_same_with_less_noise) {
  Build b;
  ir::ValueId x = b.input(kShape), c = bias(b, 8, 9);
  std::vector<float> weights = {};
  for (int o = 0; o < 8; ++o) {
    for (int i = 0; i < 8; ++i) weights.push_back(std::pow(4.f, static_cast<float>(o)) * std::sin(1.f + 3 * o + i));
  }
  ir::ValueId w = b.constant(floats({8, 8, 1, 1}, weights), "w");
  ir::ValueId p = b.unary(UnaryKind::relu, b.node(op::Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, {x, w, c}));
  std::vector<float> second;
  for (int i = 0; i < 32; ++i) second.push_back(std::cos(2.f * i) / std::pow(4.f, static_cast<float>(i % 8)));
  ir::ValueId w2 = b.constant(floats({4, 8, 1, 1}, second), "w2");
  ir::Graph g = b.output(b.node(op::Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, {p, w2}));
  std::vector<float> factors;
  for (int o = 0; o < 8; ++o) factors.push_back(std::pow(4.f, static_cast<float>(o)));
  const std::string name = g.value(p).name;
  auto equalised = equalise(g, {{name, factors}});
  ASSERT_TRUE(equalised.ok()) << equalised.status().message();
  EXPECT_GT(signal_to_noise(g, *equalised), 100);
  Recipe plain = recipe_for(g), better = recipe_for(*equalised);
  better.equalise[name] = factors;
  EXPECT_GT(signal_to_noise(g, applied(g, better).graph), signal_to_noise(g, applied(g, plain).graph) + 10);
  EXPECT_FALSE(equalise(g, {{name, {1, 2}}}).ok());
  EXPECT_FALSE(equalise(g, {{"x", factors}}).ok());
  EXPECT_FALSE(equalise(g, {{"y", {1, 1, 1, 1}}}).ok());
  EXPECT_FALSE(equalise(g, {{"nothing", factors}}).ok());
}

TEST(Apply, what_the_recipe_gets_wrong_is_named) {
  Build b;
  ir::ValueId p = b.unary(UnaryKind::relu, b.conv(b.input(kShape), 8, 1, 1));
  ir::ValueId pooled = b.node(op::Pool{op::PoolKind::max, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}}, {p});
  ir::Graph g = b.output(b.conv(pooled, 4, 1, 5));
  const Recipe good = recipe_for(g);
  auto failure = [&](auto edit) {
    Recipe r = good;
    edit(r);
    auto q = apply(g, r);
    return q.ok() ? std::string() : q.status().message();
  };
  const std::string conv = good.weights.begin()->first;
  auto has = [](const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; };
  EXPECT_TRUE(has(failure([](Recipe& r) { r.values["ghost"] = {}; }), "ghost"));
  EXPECT_TRUE(has(failure([](Recipe& r) { r.nodes["ghost"] = {}; }), "ghost"));
  EXPECT_TRUE(has(failure([](Recipe& r) { r.correction["ghost"] = {1}; }), "ghost"));
  EXPECT_TRUE(has(failure([&](Recipe& r) { r.weights[conv] = {1}; }), "expected 8"));
  EXPECT_TRUE(has(failure([&](Recipe& r) { r.correction[conv] = {1}; }), "expected 8"));
  EXPECT_TRUE(has(failure([&](Recipe& r) { r.rounding[conv] = Rounding(1, {0}); }), "expected 64"));
  EXPECT_TRUE(has(failure([](Recipe& r) { r.values.erase("x"); }), "no line 'value \"x\"'"));
  EXPECT_TRUE(has(failure([&](Recipe& r) { r.weights.erase(conv); }), "no line 'weights"));
  EXPECT_TRUE(has(failure([&](Recipe& r) { r.values[g.value(pooled).name] = {}; }), "shares the scale"));
}

}  // namespace
}  // namespace stretto::quantize::testing
