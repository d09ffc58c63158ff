#include "builder/type_mix.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <queue>

namespace stretto {
namespace {

constexpr double kForever = std::numeric_limits<double>::infinity();
/// Capacity below this share of the largest finite one is none: what rounding leaves behind.
constexpr double kNothing = 1e-12;

/// Maximal flow by shortest augmenting paths (Edmonds and Karp 1972).
class Flow {
 public:
  explicit Flow(int vertices) : edges_of_(static_cast<size_t>(vertices)) {}

  int add_vertex() {
    edges_of_.emplace_back();
    return static_cast<int>(edges_of_.size()) - 1;
  }
  void add_edge(int from, int to, double capacity) {
    if (!(capacity > 0)) return;
    edges_of_[static_cast<size_t>(from)].push_back(edges_.size());
    edges_.push_back({to, capacity});
    edges_of_[static_cast<size_t>(to)].push_back(edges_.size());
    edges_.push_back({from, 0});
    if (capacity < kForever) least_ = std::max(least_, kNothing * capacity);
  }

  void saturate(int source, int sink) {
    std::vector<size_t> by;
    while (reach(source, by, sink)) {
      double most = kForever;
      for (int v = sink; v != source; v = edges_[by[static_cast<size_t>(v)] ^ 1].to) {
        most = std::min(most, edges_[by[static_cast<size_t>(v)]].left);
      }
      for (int v = sink; v != source; v = edges_[by[static_cast<size_t>(v)] ^ 1].to) {
        edges_[by[static_cast<size_t>(v)]].left -= most;
        edges_[by[static_cast<size_t>(v)] ^ 1].left += most;
      }
    }
  }

  /// By vertex, whether something can still flow from it to the sink: the least set of such.
  std::vector<bool> reaching(int sink) const {
    std::vector<bool> found(edges_of_.size(), false);
    std::queue<int> open;
    found[static_cast<size_t>(sink)] = true;
    open.push(sink);
    for (; !open.empty(); open.pop()) {
      for (size_t e : edges_of_[static_cast<size_t>(open.front())]) {
        const auto from = static_cast<size_t>(edges_[e].to);
        if (found[from] || edges_[e ^ 1].left <= least_) continue;
        found[from] = true;
        open.push(edges_[e].to);
      }
    }
    return found;
  }

 private:
  struct Edge {
    int to;
    double left;
  };
  static constexpr size_t kUnseen = std::numeric_limits<size_t>::max();

  /// Fills `by`: the edge by which each vertex is reached.
  bool reach(int source, std::vector<size_t>& by, int sink) const {
    by.assign(edges_of_.size(), kUnseen);
    std::queue<int> open;
    open.push(source);
    for (; !open.empty(); open.pop()) {
      for (size_t e : edges_of_[static_cast<size_t>(open.front())]) {
        const int to = edges_[e].to;
        if (to == source || by[static_cast<size_t>(to)] != kUnseen || edges_[e].left <= least_) continue;
        by[static_cast<size_t>(to)] = e;
        if (to == sink) return true;
        open.push(to);
      }
    }
    return false;
  }

  std::vector<Edge> edges_;  // each with its reverse at the next odd number
  std::vector<std::vector<size_t>> edges_of_;
  double least_ = 0;
};

bool is_integer(const std::vector<bool>& integer, int unit) {
  return unit != MixValue::kOutside && integer[static_cast<size_t>(unit)];
}

}  // namespace

double seconds_of(const MixProblem& problem, const std::vector<bool>& integer) {
  double sum = 0;
  for (size_t u = 0; u < problem.units.size(); ++u) {
    sum += integer[u] ? problem.units[u].integer_s : problem.units[u].real_s;
  }
  for (const MixValue& value : problem.values) {
    const auto reads_integers = [&](int reader) { return is_integer(integer, reader); };
    if (is_integer(integer, value.maker)) {
      if (!std::all_of(value.readers.begin(), value.readers.end(), reads_integers)) sum += value.to_real_s;
    } else if (std::any_of(value.readers.begin(), value.readers.end(), reads_integers)) {
      sum += value.to_integer_s;
    }
  }
  return sum;
}

double change_of(const MixProblem& problem, std::vector<bool> integer, int unit) {
  const double before = seconds_of(problem, integer);
  integer[static_cast<size_t>(unit)] = !integer[static_cast<size_t>(unit)];
  return seconds_of(problem, integer) - before;
}

std::vector<bool> fastest_types(const MixProblem& problem, const std::vector<bool>& fixed_real) {
  const int count = static_cast<int>(problem.units.size());
  const int integers = count, reals = count + 1;  // source and sink
  Flow flow(count + 2);
  for (int u = 0; u < count; ++u) {
    const MixUnit& unit = problem.units[static_cast<size_t>(u)];
    const bool fixed = !fixed_real.empty() && fixed_real[static_cast<size_t>(u)];
    flow.add_edge(integers, u, unit.real_s);  // cut, and so paid, where the unit is on the side of reals
    flow.add_edge(u, reals, fixed ? kForever : unit.integer_s);
  }
  for (const MixValue& value : problem.values) {
    const int maker = value.maker == MixValue::kOutside ? reals : value.maker;
    // A vertex that is real as soon as a reader is, and one that is integer as soon as a reader is.
    const int wants_reals = flow.add_vertex(), wants_integers = flow.add_vertex();
    for (int reader : value.readers) {
      const int by = reader == MixValue::kOutside ? reals : reader;
      flow.add_edge(wants_reals, by, kForever);
      flow.add_edge(by, wants_integers, by == reals ? 0 : kForever);
    }
    if (maker != reals) flow.add_edge(maker, wants_reals, value.to_real_s);
    flow.add_edge(wants_integers, maker, value.to_integer_s);
  }
  flow.saturate(integers, reals);
  std::vector<bool> real = flow.reaching(reals), integer(static_cast<size_t>(count));
  for (size_t u = 0; u < integer.size(); ++u) integer[u] = !real[u];
  return integer;
}

}  // namespace stretto
