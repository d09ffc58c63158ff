#include "builder/guard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace stretto {
namespace {

TEST(Guard, ErrorIsOneMinusTheCosine) {
  const std::vector<float> r = {3, 4}, same = {6, 8}, across = {-4, 3}, opposite = {-3, -4}, zero = {0, 0};
  EXPECT_NEAR(cosine_error(same, r), 0, 1e-15);
  EXPECT_DOUBLE_EQ(cosine_error(across, r), 1);
  EXPECT_DOUBLE_EQ(cosine_error(opposite, r), 2);
  EXPECT_EQ(cosine_error(zero, zero), 0);
  EXPECT_EQ(cosine_error(zero, r), 1);
  EXPECT_EQ(cosine_error(r, zero), 1);
}

TEST(Guard, WhatIsNotFiniteIsTheGreatestError) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const std::vector<float> r = {1, 2};
  EXPECT_EQ(cosine_error(std::vector<float>{1, nan}, r), 2);
  EXPECT_EQ(cosine_error(std::vector<float>{1, inf}, r), 2);
  EXPECT_EQ(cosine_error(r, std::vector<float>{nan, 2}), 2);
  EXPECT_EQ(cosine_error(std::vector<float>{1, inf}, std::vector<float>{1, inf}), 0);
}

MixProblem apart(std::vector<MixUnit> units) {
  return {std::move(units), {}};
}

std::vector<int> units_of(const std::vector<GuardStep>& steps) {
  std::vector<int> units;
  for (const GuardStep& s : steps) units.push_back(s.unit);
  return units;
}

TEST(Guard, LayersGoByGainPerTime) {
  const MixProblem problem = apart({{1, 2}, {1, 11}, {1, 3}, {2, 1}});
  const auto steps = order_by_gain(problem, {0.1, 0.5, 0.4, 1e-6}, {true, true, true, true});
  // 0.1/1, 0.5/10, 0.4/2; and the last is faster in reals.
  EXPECT_EQ(units_of(steps), (std::vector<int>{3, 2, 0, 1}));
  EXPECT_DOUBLE_EQ(steps[0].cost_s, -1);
  EXPECT_DOUBLE_EQ(steps[1].cost_s, 2);
}

TEST(Guard, LayersWithoutGainGoLastAndRealOnesNotAtAll) {
  const MixProblem problem = apart({{1, 2}, {1, 2}, {1, 9}});
  EXPECT_EQ(units_of(order_by_gain(problem, {0, 1, 1}, {true, false, true})), (std::vector<int>{2, 0}));
}

TEST(Guard, ANeighbourOfARealLayerCostsNoConversion) {
  MixProblem problem = apart({{1, 2}, {1, 2}, {1, 2}, {1, 2}});
  for (int u = 0; u < 3; ++u) problem.values.push_back({u, {u + 1}, 4, 4});
  // The end of the chain costs one conversion; then its neighbour costs none more, and goes before the other end.
  const auto steps = order_by_gain(problem, {1, 0.9, 0.9, 1.1}, {true, true, true, true});
  EXPECT_EQ(units_of(steps), (std::vector<int>{3, 2, 1, 0}));
  EXPECT_DOUBLE_EQ(steps[0].cost_s, 5);
  EXPECT_DOUBLE_EQ(steps[1].cost_s, 1);
  EXPECT_DOUBLE_EQ(steps[3].cost_s, -3);
}

struct Found {
  std::optional<int> steps;
  int measured = 0;
};

/// Searches where the error after k steps is `errors[k]`.
Found search(const std::vector<double>& gains, const std::vector<double>& errors, double limit) {
  GuardSearch search(gains, errors[0], limit);
  Found found;
  while (const auto steps = search.next()) {
    EXPECT_GE(*steps, 1);
    EXPECT_LE(*steps, static_cast<int>(gains.size()));
    search.report(*steps, errors[static_cast<size_t>(*steps)]);
    ++found.measured;
  }
  found.steps = search.found();
  return found;
}

TEST(Guard, WhereErrorsAddThePredictionIsConfirmedAtOnce) {
  const Found found = search({8, 1, 0.5, 0.25}, {1, 0.18, 0.077, 0.026, 1e-9}, 0.2);
  EXPECT_EQ(found.steps, 1);
  EXPECT_EQ(found.measured, 1);
}

TEST(Guard, TheLeastNumberIsFoundWhateverTheGainsPromise) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    const int count = 1 + static_cast<int>(random() % 60);
    std::vector<double> gains, errors = {1};
    for (int i = 0; i < count; ++i) {
      gains.push_back(random() % 5 == 0 ? 0 : std::pow(10., -static_cast<double>(random() % 50) / 10));
      errors.push_back(i + 1 == count ? 0 : errors.back() * static_cast<double>(random() % 100 + 1) / 101);
    }
    const double limit = std::pow(10., -static_cast<double>(random() % 60 + 1) / 10);
    const Found found = search(gains, errors, limit);
    ASSERT_TRUE(found.steps) << round;
    EXPECT_LE(errors[static_cast<size_t>(*found.steps)], limit);
    EXPECT_LE(found.measured, GuardSearch::kMostPlans);
    if (found.measured < GuardSearch::kMostPlans) {
      EXPECT_GT(errors[static_cast<size_t>(*found.steps) - 1], limit) << round;
    }
  }
}

TEST(Guard, WhereNotEvenRealsHoldNothingIsFound) {
  EXPECT_FALSE(search({1, 1}, {1, 0.9, 0.8}, 0.5).steps);
  EXPECT_FALSE(search({}, {1}, 0.5).steps);
  EXPECT_FALSE(search({0, 0, 0}, {1, 1, 1, 1}, 0.5).steps);
}

TEST(Guard, WhatLayersBuyAddsUpToTheWhole) {
  const GuardSearch search({90, 9, 1}, 1, 0.01);
  const std::vector<double> db = search.gains_db();
  EXPECT_NEAR(db[0], 10, 1e-9);
  EXPECT_NEAR(db[0] + db[1], 20, 1e-9);
  EXPECT_GT(db[2], 90);
}

}  // namespace
}  // namespace stretto
