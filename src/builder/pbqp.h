// A partitioned boolean quadratic problem: one alternative for each variable, so that the costs of the alternatives and
// of the pairs along edges are least. Solved by reduction of variables with at most two neighbours (exact) and, where
// none is left, by the best local choice (Scholz and Eckstein, "Register Allocation for Irregular Architectures",
// 2002).
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace stretto {

class Pbqp {
 public:
  static constexpr double kForbidden = std::numeric_limits<double>::infinity();

  /// A variable with a cost for each alternative; returns its number.
  int add_variable(std::vector<double> costs);
  /// Adds costs[i · alternatives(b) + j] for choosing i of `a` and j of `b`. a ≠ b; edges of the same pair add up.
  void add_edge(int a, int b, const std::vector<double>& costs);
  int alternatives(int variable) const { return static_cast<int>(costs_[static_cast<size_t>(variable)].size()); }

  /// The chosen alternative of each variable. `total` (if given): the cost of the solution, kForbidden if none was
  /// found.
  std::vector<int> solve(double* total = nullptr) const;

 private:
  struct Edge {
    int a, b;
    std::vector<double> costs;  // by alternative of a, then of b
  };
  friend class PbqpSolver;
  std::vector<std::vector<double>> costs_;
  std::vector<Edge> edges_;
};

}  // namespace stretto
