#include "quantize/range_search.h"

#include <random>

#include "quantize/testing.h"

namespace stretto::quantize::testing {
namespace {

std::vector<float> normal(size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> draw;
  std::vector<float> values(count);
  for (float& v : values) v = draw(engine);
  return values;
}

Histogram histogram_of(const std::vector<float>& values, int64_t channels = 1) {
  Histogram h;
  h.add(Tensor::of<float>(DType::f32, {1, channels, static_cast<int64_t>(values.size()) / channels}, values));
  return h;
}

WeightedBins bins_of(const Histogram& h, const std::vector<double>& weights) {
  WeightedBins bins({std::min(h.low(), 0.f), std::max(h.high(), 0.f)});
  for (size_t c = 0; c < weights.size(); ++c) bins.add(h.channels()[c], 1, weights[c]);
  return bins;
}

FoundRange found(const WeightedBins& bins) {
  auto range = search_range(bins, 4, [](Range r) { return fit(Scheme::affine, r); });
  EXPECT_TRUE(range.ok()) << range.status().message();
  return *range;
}

TEST(RangeSearch, the_error_of_the_bins_is_that_of_the_numbers) {
  const std::vector<float> values = normal(100000, 1);
  const WeightedBins bins = bins_of(histogram_of(values), {1});
  for (Range range : {Range{-5, 5}, Range{-2, 3}, Range{-1, 1}, Range{0, 4}}) {
    const Mapping m = *fit(Scheme::affine, range);
    double error = 0, signal = 0;
    for (float v : values) {
      error += std::pow(double{v} - to_real(to_integer(v, m), m), 2);
      signal += double{v} * v;
    }
    EXPECT_NEAR(bins.error(m, 1) / (error / 100000), 1, 0.02) << range.low << " " << range.high;
    EXPECT_NEAR(bins.signal() / (signal / 100000), 1, 0.001);
  }
}

TEST(RangeSearch, an_outlier_is_clipped_with_less_error_and_without_one_the_whole_range_stays) {
  std::vector<float> values = normal(200000, 2);
  values.push_back(40);
  const WeightedBins bins = bins_of(histogram_of(values), {1});
  const FoundRange outlier = found(bins);
  EXPECT_TRUE(outlier.clips);
  EXPECT_LT(outlier.range.high, 39);
  EXPECT_LT(bins.error(*fit(Scheme::affine, outlier.range), 4), bins.error(*fit(Scheme::affine, bins.range()), 4));

  std::mt19937 engine(3);
  std::uniform_real_distribution<float> draw(-3, 3);
  for (float& v : values) v = draw(engine);
  const Histogram even = histogram_of(values);
  EXPECT_FALSE(found(bins_of(even, {1})).clips);
  EXPECT_EQ(found(bins_of(even, {1})).range, (Range{even.low(), even.high()}));
}

TEST(RangeSearch, a_channel_that_nothing_feels_does_not_widen_the_range) {
  std::vector<float> values = normal(200000, 4);
  for (size_t i = 0; i < 100000; ++i) values[i] *= 3;
  const Histogram h = histogram_of(values, 2);
  const FoundRange both = found(bins_of(h, {1, 1})), small = found(bins_of(h, {0, 1}));
  EXPECT_LT(small.range.high, 0.7 * both.range.high);
}

TEST(RangeSearch, behind_a_function_only_its_results_count) {
  const std::vector<float> values = normal(200000, 5);
  WeightedBins plain = bins_of(histogram_of(values), {1}), bent = plain;
  std::vector<double> results;
  for (int i = 0; i <= WeightedBins::kBins; ++i) {
    results.push_back(bent.edge(i) < 0 ? 0.01 * bent.edge(i) : bent.edge(i));
  }
  bent.set_function(results);
  EXPECT_GT(found(bent).range.low, 0.7 * found(plain).range.low);
}

TEST(RangeSearch, samples_in_any_order_and_batch_give_one_recipe_and_it_is_read_back) {
  Build b;
  ir::ValueId v = b.conv(b.input({1, 4, 8, 8}), 8, 3, 7);
  v = b.conv(b.unary(op::UnaryKind::relu, v), 4, 1, 8);
  const ir::Graph& g = b.output(v);
  const TypePlan plan = plan_types(g);
  std::string texts[2];
  for (int reversed : {0, 1}) {
    auto observations = observe(g, values_to_observe(plan), 8, [&](int sample, const Sink& sink) {
      return oracle(g)(reversed != 0 ? 7 - sample : sample, sink);
    });
    ASSERT_TRUE(observations.ok());
    auto recipe = draft_recipe(g, plan, *observations, {Method::weighted_mse}, kHash);
    ASSERT_TRUE(recipe.ok()) << recipe.status().message();
    texts[reversed] = to_text(*recipe);
    auto again = parse_recipe(texts[reversed], "recipe");
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_EQ(*again, *recipe);
    for (const auto& [name, value] : recipe->values) EXPECT_GT(value.sqnr_db, 20) << name;
  }
  EXPECT_EQ(texts[0], texts[1]);
}

TEST(RangeSearch, values_of_zeros_and_constants_have_a_scale) {
  Build b;
  ir::ValueId x = b.input({1, 4, 8, 8});
  const ir::Graph& g = b.output(b.conv(b.unary(op::UnaryKind::relu, b.conv(x, 8, 3, 7)), 4, 1, 8));
  const TypePlan plan = plan_types(g);
  for (float constant : {0.f, 2.5f, -1.f}) {
    auto observations = observe(g, values_to_observe(plan), 2, [&](int, const Sink& sink) -> Status {
      for (ir::ValueId id : values_to_observe(plan)) {
        Tensor t(g.value(id).type);
        for (float& v : t.as_mutable<float>()) v = constant;
        STRETTO_TRY(sink(id, t));
      }
      return {};
    });
    ASSERT_TRUE(observations.ok());
    auto recipe = draft_recipe(g, plan, *observations, {Method::weighted_mse}, kHash);
    ASSERT_TRUE(recipe.ok()) << recipe.status().message();
    for (const auto& [name, v] : recipe->values) {
      EXPECT_NEAR(v.scale, constant == 0 ? kScaleOfNothing : std::abs(constant) / 255, 1e-6) << name;
    }
  }
}

}  // namespace
}  // namespace stretto::quantize::testing
