#include "quantize/choose.h"

#include "quantize/judge.h"
#include "quantize/testing.h"

namespace stretto::quantize::testing {
namespace {

using op::UnaryKind;

constexpr int kFit = 6, kHeld = 4;

/// What gather() makes of seeded samples.
Evidence evidence_of(const ir::Graph& graph) {
  const TypePlan types = plan_types(graph);
  Evidence evidence;
  auto observations = observe(graph, values_to_observe(types), kFit, oracle(graph));
  EXPECT_TRUE(observations.ok());
  evidence.observations = *observations;
  for (int s = 0; s < kFit + kHeld; ++s) {
    const std::vector<Tensor> values = evaluate(graph, 100 + static_cast<unsigned>(s));
    std::vector<Tensor> inputs;
    for (ir::ValueId id : graph.inputs()) inputs.push_back(values[static_cast<size_t>(id)]);
    if (s >= kFit) {
      evidence.held.push_back(inputs);
      std::vector<Tensor>& judged = evidence.judged.emplace_back();
      for (ir::ValueId id : judged_values(graph)) judged.push_back(values[static_cast<size_t>(id)]);
      continue;
    }
    evidence.fit.push_back(inputs);
    Means& means = evidence.means.emplace_back();
    for (ir::NodeId id : graph.topological_order()) {
      const ir::ValueId out = graph.node(id).output;
      if (graph.value(out).type.shape.size() < 2) continue;
      ChannelMeans channels;
      channels.add(values[static_cast<size_t>(out)]);
      means[out] = channels.means();
    }
  }
  return evidence;
}

/// Two products; the channels between them differ by `spread` from one to the next, and are felt alike.
ir::Graph spread_channels(float spread) {
  Build b;
  ir::ValueId x = b.input({1, 4, 8, 8});
  std::vector<float> first, second;
  for (int o = 0; o < 8; ++o) {
    for (int i = 0; i < 4; ++i) first.push_back(std::pow(spread, static_cast<float>(o)) * std::sin(1.f + 3 * o + i));
  }
  for (int i = 0; i < 32; ++i) second.push_back(std::cos(2.f * i) / std::pow(spread, static_cast<float>(i % 8)));
  const op::Conv conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1};
  x = b.unary(UnaryKind::relu, b.node(conv, {x, b.constant(floats({8, 4, 1, 1}, first), "first")}));
  return b.output(b.node(conv, {x, b.constant(floats({4, 8, 1, 1}, second), "second")}));
}

Recipe chosen(const ir::Graph& graph, ChooseOptions options = {}) {
  auto recipe = choose_recipe(graph, plan_types(graph), evidence_of(graph), kHash, prepare_reference, options);
  EXPECT_TRUE(recipe.ok()) << recipe.status().message();
  return recipe.ok() ? *recipe : Recipe{};
}

double decibels(const ir::Graph& graph, const Recipe& recipe) {
  const Evidence evidence = evidence_of(graph);
  auto db = Judge(graph, evidence.held, evidence.judged, prepare_reference).decibels(recipe);
  EXPECT_TRUE(db.ok()) << db.status().message();
  return Judge::together(*db);
}

TEST(Choose, channels_of_unlike_ranges_are_equalised_unless_that_is_left_out) {
  const ir::Graph g = spread_channels(3);
  ChooseOptions without;
  without.skip = {"equalise"};
  const Recipe with = chosen(g), plain = chosen(g, without);
  EXPECT_FALSE(with.equalise.empty());
  EXPECT_TRUE(plain.equalise.empty());
  EXPECT_GT(decibels(g, with), decibels(g, plain) + 6);
}

TEST(Choose, a_step_that_is_left_out_was_no_better) {
  for (float spread : {1.f, 1.5f, 3.f}) {
    const ir::Graph g = spread_channels(spread);
    const Recipe recipe = chosen(g);
    EXPECT_GE(recipe.notes.size(), 6u);
    for (const std::string& note : recipe.notes) {
      if (!note.ends_with("left out")) continue;
      EXPECT_GE(decibels(g, recipe), std::stod(note.substr(note.find(": ") + 2)) - 0.01) << note;
    }
  }
}

TEST(Choose, a_method_that_is_asked_for_is_the_only_one) {
  const ir::Graph g = spread_channels(3);
  for (Method method : {Method::minmax, Method::mse, Method::percentile}) {
    ChooseOptions options;
    options.calibration = Calibration{method};
    const Recipe recipe = chosen(g, options);
    EXPECT_TRUE(recipe.equalise.empty());
    for (const auto& [name, value] : recipe.values) EXPECT_EQ(value.method, method) << name;
  }
}

TEST(Choose, any_number_of_threads_gives_the_same_recipe_and_its_text_reads_back) {
  const ir::Graph g = spread_channels(2);
  ChooseOptions one, four;
  four.threads = 4;
  const Recipe recipe = chosen(g, one);
  EXPECT_EQ(recipe, chosen(g, four));
  auto read = parse_recipe(to_text(recipe), "r");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, recipe);
}

TEST(Choose, a_softmax_is_judged_by_what_it_is_made_of) {
  Build b;
  ir::ValueId logits = b.conv(b.input({1, 4, 8, 8}), 8, 3, 7);
  const ir::Graph g = b.output(b.node(op::Softmax{1}, {logits}));
  EXPECT_EQ(judged_values(g), std::vector{logits});
  Build plain;
  ir::ValueId conv = plain.conv(plain.input({1, 4, 8, 8}), 8, 3, 7);
  const ir::Graph& h = plain.output(conv);
  EXPECT_EQ(judged_values(h), h.outputs());
}

TEST(Choose, one_ruined_sample_weighs_more_than_good_ones_make_up_for) {
  const std::vector<double> even{20, 20, 20, 20}, ruined{30, 30, 30, 5};
  EXPECT_GT(Judge::together(even), Judge::together(ruined));
  EXPECT_NEAR(Judge::together(even), 20, 1e-9);
}

}  // namespace
}  // namespace stretto::quantize::testing
