#include "builder/pbqp.h"

#include <gtest/gtest.h>

#include <random>

namespace stretto {
namespace {

struct RandomProblem {
  Pbqp pbqp;
  std::vector<std::vector<double>> costs;
  struct Edge {
    int a, b;
    std::vector<double> costs;
  };
  std::vector<Edge> edges;

  double cost_of(const std::vector<int>& chosen) const {
    double sum = 0;
    for (size_t v = 0; v < costs.size(); ++v) sum += costs[v][static_cast<size_t>(chosen[v])];
    for (const Edge& e : edges) {
      size_t width = costs[static_cast<size_t>(e.b)].size();
      sum += e.costs[static_cast<size_t>(chosen[static_cast<size_t>(e.a)]) * width +
                     static_cast<size_t>(chosen[static_cast<size_t>(e.b)])];
    }
    return sum;
  }

  double brute_force() const {
    std::vector<int> chosen(costs.size(), 0);
    double best = Pbqp::kForbidden;
    while (true) {
      best = std::min(best, cost_of(chosen));
      size_t v = 0;
      while (v < chosen.size() && ++chosen[v] == static_cast<int>(costs[v].size())) chosen[v++] = 0;
      if (v == chosen.size()) return best;
    }
  }
};

/// A chain with `extra` further edges between near neighbours.
RandomProblem make(std::mt19937& random, int variables, int extra) {
  RandomProblem p;
  std::uniform_real_distribution<double> cost(0, 10);
  for (int v = 0; v < variables; ++v) {
    std::vector<double> costs(1 + random() % 4);
    for (double& c : costs) c = cost(random);
    p.costs.push_back(costs);
    p.pbqp.add_variable(costs);
  }
  auto add = [&](int a, int b) {
    std::vector<double> costs(p.costs[static_cast<size_t>(a)].size() * p.costs[static_cast<size_t>(b)].size());
    for (double& c : costs) c = cost(random);
    p.pbqp.add_edge(a, b, costs);
    p.edges.push_back({a, b, costs});
  };
  for (int v = 1; v < variables; ++v) add(v - 1, v);
  for (int i = 0; i < extra; ++i) {
    int a = static_cast<int>(random() % static_cast<unsigned>(variables - 2));
    add(a, a + 2);
  }
  return p;
}

TEST(Pbqp, ChainsAndNearTriangularGraphsAreSolvedExactly) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 300; ++trial) {
    RandomProblem p = make(random, 7, trial % 2);
    double total = 0;
    std::vector<int> chosen = p.pbqp.solve(&total);
    EXPECT_NEAR(total, p.cost_of(chosen), 1e-9);
    EXPECT_NEAR(total, p.brute_force(), 1e-9);
  }
}

TEST(Pbqp, DenserGraphsComeClose) {
  std::mt19937 random(2);
  double ours = 0, best = 0;
  for (int trial = 0; trial < 200; ++trial) {
    RandomProblem p = make(random, 8, 8);
    double total = 0;
    p.pbqp.solve(&total);
    double least = p.brute_force();
    EXPECT_GE(total, least - 1e-9);
    ours += total;
    best += least;
  }
  EXPECT_LE(ours, 1.1 * best);
}

TEST(Pbqp, ForbiddenPairsAreAvoidedWhereAnyOtherExists) {
  double no = Pbqp::kForbidden;
  Pbqp p;
  int a = p.add_variable({0, 5}), b = p.add_variable({0, 5});
  p.add_edge(a, b, {no, no, no, 1});
  double total = 0;
  EXPECT_EQ(p.solve(&total), (std::vector<int>{1, 1}));
  EXPECT_EQ(total, 11);
}

TEST(Pbqp, AnImpossibleProblemSaysSo) {
  double no = Pbqp::kForbidden;
  Pbqp p;
  int a = p.add_variable({0}), b = p.add_variable({0});
  p.add_edge(a, b, {no});
  double total = 0;
  p.solve(&total);
  EXPECT_EQ(total, no);
}

}  // namespace
}  // namespace stretto
