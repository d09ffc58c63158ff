#include <algorithm>
#include <cmath>

#include "quantize/equalise.h"

namespace stretto::quantize {
namespace {

/// Channels whose magnitude or weights are below this share of the largest count as if they had it.
constexpr double kLeastMagnitude = 1e-6, kLeastWeight = 1e-4;

/// x^(quarters / 4) for 0 ≤ quarters ≤ 4.
double power(double x, int quarters) {
  const double root = std::sqrt(x), fourth = std::sqrt(root);
  return (quarters & 4 ? x : 1) * (quarters & 2 ? root : 1) * (quarters & 1 ? fourth : 1);
}

/// What a clip lets through must have room for samples that reach further than those observed, by this factor.
constexpr double kHeadroom = 2;

/// What is known of the channels of one class.
struct Known {
  std::vector<double> magnitude, columns, least;
  bool observed = false, read = false, dense = false, unknown_clip = false;
};

class Search {
 public:
  Search(const ir::Graph& graph, const Observations& observations, const Equalisation& how)
      : graph_(graph), observations_(observations), how_(how), classes_(graph) {
    for (int cls : classes_.scalable()) {
      const auto channels = static_cast<size_t>(classes_.channels(cls));
      known_[cls] = {std::vector<double>(channels), std::vector<double>(channels), std::vector<double>(channels)};
    }
  }

  Factors run() {
    for (const auto& [id, histogram] : observations_) take_magnitudes(id, histogram);
    for (ir::NodeId id : graph_.topological_order()) {
      take_clip(id);
      take_reader(id);
    }
    Factors factors;
    for (const auto& [cls, known] : known_) {
      if (!known.observed || !known.read || known.unknown_clip) continue;
      std::vector<float> made = factors_of(known);
      const bool changes = std::any_of(made.begin(), made.end(), [](float f) { return f != 1; });
      if (changes) factors[graph_.value(classes_.first_value(cls)).name] = std::move(made);
    }
    return factors;
  }

 private:
  /// Calls visit(class, its first channel in the value) for those that are not fixed.
  template <class Visit>
  void for_pieces(ir::ValueId id, Visit visit) {
    size_t first = 0;
    for (int cls : classes_.of(id)) {
      if (auto it = known_.find(cls); it != known_.end()) visit(it->second, first);
      first += static_cast<size_t>(classes_.channels(cls));
    }
  }

  static double magnitude(const Histogram::Channel& channel) {
    return channel.count == 0 ? 0 : std::max(std::abs(double{channel.low}), std::abs(double{channel.high}));
  }

  void take_magnitudes(ir::ValueId id, const Histogram& histogram) {
    for_pieces(id, [&](Known& known, size_t first) {
      if (first + known.magnitude.size() > histogram.channels().size()) return;
      known.observed = true;
      for (size_t c = 0; c < known.magnitude.size(); ++c) {
        known.magnitude[c] = std::max(known.magnitude[c], magnitude(histogram.channels()[first + c]));
      }
    });
  }

  void take_clip(ir::NodeId id) {
    const ir::Node& node = graph_.node(id);
    const auto* u = std::get_if<op::Unary>(&node.attrs);
    if (u == nullptr || u->kind != op::UnaryKind::clip) return;
    auto it = observations_.find(node.output);
    for_pieces(node.output, [&](Known& known, size_t first) {
      if (it == observations_.end() || first + known.least.size() > it->second.channels().size()) {
        known.unknown_clip = true;
        return;
      }
      for (size_t c = 0; c < known.least.size(); ++c) {
        const double reached = magnitude(it->second.channels()[first + c]) / double{u->b};
        known.least[c] = std::max(known.least[c], how_.clips ? kHeadroom * reached : 1);
      }
    });
  }

  void take_reader(ir::NodeId id) {
    const WeightPlaces places = weight_places(graph_, id);
    if (places.outputs == 0) return;
    const ir::Node& node = graph_.node(id);
    const auto* conv = std::get_if<op::Conv>(&node.attrs);
    const bool depthwise = conv != nullptr && conv->group == places.inputs;
    std::vector<double> columns(static_cast<size_t>(places.inputs));
    if (!depthwise) columns = columns_of(places, graph_.value(node.inputs[1]).constant);
    for_pieces(node.inputs[0], [&](Known& known, size_t first) {
      if (first + known.columns.size() > columns.size()) return;
      known.read = true;
      known.dense = known.dense || !depthwise;
      for (size_t c = 0; c < known.columns.size(); ++c) {
        known.columns[c] = std::max(known.columns[c], columns[first + c]);
      }
    });
  }

  /// By input channel, the root mean square of the weights over the largest of each output channel.
  static std::vector<double> columns_of(const WeightPlaces& places, const Tensor& weights) {
    const auto w = weights.as<float>();
    std::vector<double> largest(static_cast<size_t>(places.outputs)), squares(static_cast<size_t>(places.inputs));
    std::vector<int64_t> counts(squares.size());
    for (size_t i = 0; i < w.size(); ++i) {
      double& most = largest[static_cast<size_t>(places.output_input[i].first)];
      most = std::max(most, std::abs(double{w[i]}));
    }
    for (size_t i = 0; i < w.size(); ++i) {
      const auto [o, c] = places.output_input[i];
      const double most = largest[static_cast<size_t>(o)], x = most > 0 ? double{w[i]} / most : 0;
      squares[static_cast<size_t>(c)] += x * x;
      ++counts[static_cast<size_t>(c)];
    }
    for (size_t c = 0; c < squares.size(); ++c) {
      squares[c] = std::sqrt(squares[c] / static_cast<double>(std::max<int64_t>(1, counts[c])));
    }
    return squares;
  }

  std::vector<float> factors_of(const Known& known) const {
    const double most = *std::max_element(known.magnitude.begin(), known.magnitude.end());
    const double widest = *std::max_element(known.columns.begin(), known.columns.end());
    std::vector<double> t(known.magnitude.size(), 1.0);
    if (most > 0 && (!known.dense || widest > 0)) {
      for (size_t c = 0; c < t.size(); ++c) {
        const double a = std::max(known.magnitude[c], kLeastMagnitude * most);
        const double k = std::max(known.columns[c], kLeastWeight * widest);
        t[c] = known.dense ? power(a / most, how_.range) / power(k / widest, how_.weights)
                           : power(a / most, how_.depthwise);
      }
    }
    const double largest = *std::max_element(t.begin(), t.end());
    std::vector<float> factors;
    for (size_t c = 0; c < t.size(); ++c) {
      if (known.magnitude[c] == 0) {  // never alive: nothing is known of it, and it widens no range
        factors.push_back(1);
        continue;
      }
      factors.push_back(static_cast<float>(std::min(1.0, std::max({t[c] / largest, kLeastFactor, known.least[c]}))));
    }
    return factors;
  }

  const ir::Graph& graph_;
  const Observations& observations_;
  const Equalisation how_;
  const ChannelClasses classes_;
  std::map<int, Known> known_;
};

}  // namespace

Factors equalising_factors(const ir::Graph& graph, const Observations& observations, const Equalisation& how) {
  return Search(graph, observations, how).run();
}

}  // namespace stretto::quantize
