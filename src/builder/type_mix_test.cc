#include "builder/type_mix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace stretto {
namespace {

double least_by_trying_all(const MixProblem& problem) {
  double least = 1e300;
  for (unsigned bits = 0; bits < 1u << problem.units.size(); ++bits) {
    std::vector<bool> integer;
    for (size_t u = 0; u < problem.units.size(); ++u) integer.push_back((bits >> u & 1) != 0);
    least = std::min(least, seconds_of(problem, integer));
  }
  return least;
}

MixProblem draw(std::mt19937& random) {
  std::uniform_real_distribution<double> time(0, 1e-4);
  MixProblem problem;
  const int count = 1 + static_cast<int>(random() % 9);
  for (int u = 0; u < count; ++u) problem.units.push_back({time(random), time(random)});
  for (int v = 0; v < 2 * count; ++v) {
    MixValue value;
    value.maker = static_cast<int>(random() % static_cast<unsigned>(count + 1)) - 1;
    for (unsigned r = 0; r < 1 + random() % 3; ++r) {
      value.readers.push_back(static_cast<int>(random() % static_cast<unsigned>(count + 1)) - 1);
    }
    value.to_real_s = time(random) * 0.5;
    value.to_integer_s = random() % 4 == 0 ? 0 : time(random) * 0.5;
    problem.values.push_back(value);
  }
  return problem;
}

TEST(TypeMix, IsTheBestOfAllChoicesOnRandomGraphs) {
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    const MixProblem problem = draw(random);
    EXPECT_NEAR(seconds_of(problem, fastest_types(problem)), least_by_trying_all(problem), 1e-15) << round;
  }
}

/// A chain from the input through `units` to the output.
MixProblem chain(std::vector<MixUnit> units, double conversion) {
  MixProblem problem{std::move(units), {}};
  const int count = static_cast<int>(problem.units.size());
  for (int u = -1; u < count; ++u) problem.values.push_back({u, {u + 1 < count ? u + 1 : -1}, conversion, conversion});
  return problem;
}

TEST(TypeMix, ALayerThatIsFasterInRealsStaysIntegerWhereConversionsCostMore) {
  const std::vector<MixUnit> units = {{1, 4}, {2, 1}, {1, 4}};
  EXPECT_EQ(fastest_types(chain(units, 0.4)), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(fastest_types(chain(units, 0.6)), (std::vector<bool>{true, true, true}));
}

TEST(TypeMix, EverythingIsRealWhereConversionsEatTheGain) {
  EXPECT_EQ(fastest_types(chain({{1, 2}, {1, 2}}, 1.5)), (std::vector<bool>{false, false}));
  EXPECT_EQ(fastest_types(chain({{1, 2}, {1, 2}}, 0.5)), (std::vector<bool>{true, true}));
}

TEST(TypeMix, AConversionIsPaidOnceHoweverManyRead) {
  MixProblem problem{{{0, 9}, {9, 0}, {9, 0}}, {{0, {1, 2}, 2, 2}}};
  EXPECT_EQ(seconds_of(problem, {true, false, false}), 2);
  EXPECT_EQ(seconds_of(problem, {true, false, true}), 11);
  EXPECT_EQ(fastest_types(problem), (std::vector<bool>{true, false, false}));
}

TEST(TypeMix, WithoutADifferenceLayersStayInteger) {
  EXPECT_EQ(fastest_types(chain({{1, 1}, {2, 2}}, 0)), (std::vector<bool>{true, true}));
  EXPECT_EQ(fastest_types({}), std::vector<bool>{});
}

TEST(TypeMix, WhatMustBeRealIs) {
  EXPECT_EQ(fastest_types(chain({{1, 4}, {1, 4}}, 0.1), {true, false}), (std::vector<bool>{false, true}));
}

TEST(TypeMix, ChangeIsTheDifferenceOfTheSums) {
  const MixProblem problem = chain({{1, 4}, {2, 1}, {1, 4}}, 0.25);
  EXPECT_DOUBLE_EQ(change_of(problem, {true, true, true}, 1), -1 + 0.5);
  EXPECT_DOUBLE_EQ(change_of(problem, {true, false, true}, 0), 3 - 0.5);
}

}  // namespace
}  // namespace stretto
