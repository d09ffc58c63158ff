#include "builder/pbqp.h"

#include <algorithm>
#include <map>

namespace stretto {

int Pbqp::add_variable(std::vector<double> costs) {
  costs_.push_back(std::move(costs));
  return static_cast<int>(costs_.size()) - 1;
}

void Pbqp::add_edge(int a, int b, const std::vector<double>& costs) {
  edges_.push_back({a, b, costs});
}

/// Works on copies: variables are eliminated one by one and decided in reverse order.
class PbqpSolver {
 public:
  explicit PbqpSolver(const Pbqp& problem) : costs_(problem.costs_), neighbours_(problem.costs_.size()) {
    for (const Pbqp::Edge& edge : problem.edges_) add(edge.a, edge.b, edge.costs);
  }

  std::vector<int> solve() {
    size_t count = costs_.size();
    std::vector<bool> gone(count, false);
    std::vector<Step> steps;
    for (size_t done = 0; done < count; ++done) {
      int next = pick(gone);
      gone[static_cast<size_t>(next)] = true;
      steps.push_back(eliminate(next));
    }
    std::vector<int> chosen(count, 0);
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      chosen[static_cast<size_t>(step->variable)] = decide(*step, chosen);
    }
    return chosen;
  }

 private:
  using Matrix = std::vector<double>;  // by alternative of the owner, then of the neighbour
  /// An eliminated variable: its costs and edges as they were.
  struct Step {
    int variable;
    int fixed;  // alternative decided already (by the local choice), or −1
    std::vector<double> costs;
    std::vector<std::pair<int, Matrix>> edges;
  };

  size_t size(int v) const { return costs_[static_cast<size_t>(v)].size(); }

  void add(int a, int b, const Matrix& costs) {
    Matrix& ab = neighbours_[static_cast<size_t>(a)][b];
    Matrix& ba = neighbours_[static_cast<size_t>(b)][a];
    ab.resize(costs.size());
    ba.resize(costs.size());
    size_t na = size(a), nb = size(b);
    for (size_t i = 0; i < na; ++i) {
      for (size_t j = 0; j < nb; ++j) {
        ab[i * nb + j] += costs[i * nb + j];
        ba[j * na + i] += costs[i * nb + j];
      }
    }
  }

  /// The variable with the fewest neighbours; among those with many, the one with the most to decide.
  int pick(const std::vector<bool>& gone) const {
    int best = -1;
    for (size_t v = 0; v < gone.size(); ++v) {
      if (gone[v]) continue;
      if (best < 0 || neighbours_[v].size() < neighbours_[static_cast<size_t>(best)].size()) best = static_cast<int>(v);
      if (neighbours_[v].size() <= 1) return static_cast<int>(v);
    }
    return best;
  }

  Step eliminate(int v) {
    Step step{v, -1, costs_[static_cast<size_t>(v)], {}};
    auto& edges = neighbours_[static_cast<size_t>(v)];
    for (auto& [other, matrix] : edges) step.edges.emplace_back(other, matrix);
    if (step.edges.size() == 1) fold_into_one(step);
    if (step.edges.size() == 2) fold_into_two(step);
    if (step.edges.size() > 2) fix_locally(step);
    for (auto& [other, matrix] : step.edges) neighbours_[static_cast<size_t>(other)].erase(v);
    edges.clear();
    return step;
  }

  void fold_into_one(const Step& step) {
    auto& [u, matrix] = step.edges[0];
    for (size_t j = 0; j < size(u); ++j) {
      double least = Pbqp::kForbidden;
      for (size_t i = 0; i < step.costs.size(); ++i) least = std::min(least, step.costs[i] + matrix[i * size(u) + j]);
      costs_[static_cast<size_t>(u)][j] += least;
    }
  }

  void fold_into_two(const Step& step) {
    auto& [u, to_u] = step.edges[0];
    auto& [w, to_w] = step.edges[1];
    Matrix between(size(u) * size(w));
    for (size_t j = 0; j < size(u); ++j) {
      for (size_t k = 0; k < size(w); ++k) {
        double least = Pbqp::kForbidden;
        for (size_t i = 0; i < step.costs.size(); ++i) {
          least = std::min(least, step.costs[i] + to_u[i * size(u) + j] + to_w[i * size(w) + k]);
        }
        between[j * size(w) + k] = least;
      }
    }
    add(u, w, between);
  }

  /// Chooses the alternative that is best when every neighbour answers best, and charges the neighbours for it.
  void fix_locally(Step& step) {
    double least = Pbqp::kForbidden;
    step.fixed = 0;
    for (size_t i = 0; i < step.costs.size(); ++i) {
      double sum = step.costs[i];
      for (auto& [u, matrix] : step.edges) {
        double answer = Pbqp::kForbidden;
        for (size_t j = 0; j < size(u); ++j) {
          answer = std::min(answer, matrix[i * size(u) + j] + costs_[static_cast<size_t>(u)][j]);
        }
        sum += answer;
      }
      if (sum < least) {
        least = sum;
        step.fixed = static_cast<int>(i);
      }
    }
    auto i = static_cast<size_t>(step.fixed);
    for (auto& [u, matrix] : step.edges) {
      for (size_t j = 0; j < size(u); ++j) costs_[static_cast<size_t>(u)][j] += matrix[i * size(u) + j];
    }
  }

  static int decide(const Step& step, const std::vector<int>& chosen) {
    if (step.fixed >= 0) return step.fixed;
    int best = 0;
    double least = Pbqp::kForbidden;
    for (size_t i = 0; i < step.costs.size(); ++i) {
      double sum = step.costs[i];
      for (auto& [u, matrix] : step.edges) {
        size_t width = matrix.size() / step.costs.size();
        sum += matrix[i * width + static_cast<size_t>(chosen[static_cast<size_t>(u)])];
      }
      if (sum < least) {
        least = sum;
        best = static_cast<int>(i);
      }
    }
    return best;
  }

  std::vector<std::vector<double>> costs_;
  std::vector<std::map<int, Matrix>> neighbours_;
};

std::vector<int> Pbqp::solve(double* total) const {
  std::vector<int> chosen = PbqpSolver(*this).solve();
  if (total != nullptr) {
    *total = 0;
    for (size_t v = 0; v < costs_.size(); ++v) *total += costs_[v][static_cast<size_t>(chosen[v])];
    for (const Edge& edge : edges_) {
      size_t width = costs_[static_cast<size_t>(edge.b)].size();
      *total += edge.costs[static_cast<size_t>(chosen[static_cast<size_t>(edge.a)]) * width +
                           static_cast<size_t>(chosen[static_cast<size_t>(edge.b)])];
    }
  }
  return chosen;
}

}  // namespace stretto
