#include "quantize/sensitivity.h"

#include <algorithm>
#include <numeric>

#include "quantize/product_weights.h"

namespace stretto::quantize {
namespace {

using Channels = std::vector<double>;

/// Where only observations of a constant are known, its variance counts as this share of its mean square.
constexpr double kLeastSpread = 1e-6;

bool keeps_channels(const ir::Graph& graph, const ir::Node& node) {
  const Shape &in = graph.value(node.inputs[0]).type.shape, &out = graph.value(node.output).type.shape;
  if (std::holds_alternative<op::Transpose>(node.attrs)) return false;
  return in.size() >= 2 && out.size() >= 2 && in[1] == out[1];
}

const op::Concat* concat_of_channels(const ir::Node& node) {
  const auto* concat = std::get_if<op::Concat>(&node.attrs);
  return concat != nullptr && concat->axis == 1 ? concat : nullptr;
}

/// Σ W² over all that channel c of the product's source is multiplied by.
Channels column_squares(const ir::Graph& graph, ir::NodeId id, size_t channels) {
  const ir::Node& node = graph.node(id);
  const Tensor matrix = weights_of(graph, id).matrix;
  const auto w = matrix.as<float>();
  const int64_t rows = matrix.shape()[0], terms = matrix.shape()[1];
  int64_t group = 1;
  if (const auto* conv = std::get_if<op::Conv>(&node.attrs)) group = conv->group;
  if (const auto* conv = std::get_if<op::ConvTranspose>(&node.attrs)) group = conv->group;
  const int64_t in_group = static_cast<int64_t>(channels) / group, window = terms / in_group;
  Channels squares(channels, 0.0);
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t first = r / (rows / group) * in_group;
    for (int64_t k = 0; k < terms; ++k) {
      const double x = w[static_cast<size_t>(r * terms + k)];
      squares[static_cast<size_t>(first + k / window)] += x * x;
    }
  }
  return squares;
}

class Walk {
 public:
  Walk(const ir::Graph& graph, const TypePlan& plan, const std::vector<Channels>& variances)
      : graph_(graph), plan_(plan), variances_(variances), felt_(variances.size()) {
    for (size_t v = 0; v < felt_.size(); ++v) felt_[v].assign(variances[v].size(), 0.0);
  }

  std::vector<Channels> run() {
    for (ir::ValueId id : graph_.outputs()) add_relative(id, Channels(at(id).size(), 1.0));
    std::vector<ir::NodeId> order = graph_.topological_order();
    for (auto it = order.rbegin(); it != order.rend(); ++it) visit(*it);
    return std::move(felt_);
  }

 private:
  Channels& at(ir::ValueId id) { return felt_[static_cast<size_t>(id)]; }

  void add_relative(ir::ValueId id, const Channels& squares) {
    const Channels& variance = variances_[static_cast<size_t>(id)];
    double all = 0;
    for (size_t c = 0; c < squares.size(); ++c) all += squares[c] * variance[c];
    if (!(all > 0)) return;
    for (size_t c = 0; c < squares.size(); ++c) at(id)[c] += squares[c] / all;
  }

  void add(ir::ValueId id, const double* from, double factor) {
    for (double& e : at(id)) e += factor * *from++;
  }

  void visit(ir::NodeId id) {
    const ir::Node& node = graph_.node(id);
    const Channels& out = at(node.output);
    const ir::ValueId in = node.inputs[0];
    switch (plan_.roles[static_cast<size_t>(id)].role) {
      case Role::product:
        return add_relative(in, column_squares(graph_, id, at(in).size()));
      case Role::addition:
        for (ir::ValueId term : node.inputs) add(term, out.data(), 1);
        return;
      case Role::activation:
      case Role::table:
        return add(in, out.data(), 1);
      case Role::global_average: {
        const Shape& shape = graph_.value(in).type.shape;
        return add(in, out.data(), 1 / static_cast<double>(shape[2] * shape[3]));
      }
      case Role::transparent:
        return moved(node);
      case Role::real:
        for (ir::ValueId read : node.inputs) {
          if (!graph_.value(read).is_constant()) add_relative(read, Channels(at(read).size(), 1.0));
        }
        return;
    }
  }

  void moved(const ir::Node& node) {
    const Channels& out = at(node.output);
    if (concat_of_channels(node) != nullptr) {
      const double* piece = out.data();
      for (ir::ValueId in : node.inputs) {
        add(in, piece, 1);
        piece += at(in).size();
      }
      return;
    }
    const double mean = std::accumulate(out.begin(), out.end(), 0.0) / static_cast<double>(out.size());
    for (ir::ValueId in : node.inputs) {
      if (graph_.value(in).is_constant()) continue;
      const bool kept = keeps_channels(graph_, node) && at(in).size() == out.size();
      add(in, kept ? out.data() : Channels(at(in).size(), mean).data(), 1);
    }
  }

  const ir::Graph& graph_;
  const TypePlan& plan_;
  const std::vector<Channels>& variances_;
  std::vector<Channels> felt_;
};

double variance_of(const Histogram::Channel& channel, double divisor) {
  double sum = 0, squares = 0;
  channel.bins.visit([&](double low, double high, int64_t n) {
    const double x = (low + high) / 2;
    sum += x * static_cast<double>(n);
    squares += x * x * static_cast<double>(n);
  });
  if (channel.count == 0) return 0;
  const double count = static_cast<double>(channel.count), mean = sum / count, square = squares / count;
  return std::max(square - mean * mean, kLeastSpread * square) / (divisor * divisor);
}

}  // namespace

int64_t channels_of(const ir::Graph& graph, ir::ValueId id) {
  const Shape& shape = graph.value(id).type.shape;
  return shape.size() >= 2 ? std::max<int64_t>(shape[1], 1) : 1;
}

std::vector<Channels> variances_of(const ir::Graph& graph, const Observations& observations,
                                   const std::vector<std::vector<float>>& divisors) {
  std::vector<Channels> all(static_cast<size_t>(graph.value_count()));
  for (ir::ValueId id = 0; id < graph.value_count(); ++id) {
    const auto v = static_cast<size_t>(id);
    all[v].assign(static_cast<size_t>(channels_of(graph, id)), 1.0);
    auto it = observations.find(id);
    if (it == observations.end() || it->second.channels().size() != all[v].size()) continue;
    if (static_cast<int64_t>(all[v].size()) > Histogram::kMostBinned) continue;
    for (size_t c = 0; c < all[v].size(); ++c) {
      all[v][c] = variance_of(it->second.channels()[c], divisors[v].empty() ? 1 : double{divisors[v][c]});
    }
  }
  for (ir::NodeId id : graph.topological_order()) {
    const ir::Node& node = graph.node(id);
    Channels& out = all[static_cast<size_t>(node.output)];
    if (observations.contains(node.output)) continue;
    if (concat_of_channels(node) != nullptr) {
      out.clear();
      for (ir::ValueId in : node.inputs) {
        const Channels& piece = all[static_cast<size_t>(in)];
        out.insert(out.end(), piece.begin(), piece.end());
      }
    } else if (keeps_channels(graph, node) && std::holds_alternative<op::Conv>(node.attrs) == false) {
      out = all[static_cast<size_t>(node.inputs[0])];
    }
  }
  return all;
}

std::vector<Channels> sensitivities(const ir::Graph& graph, const TypePlan& plan,
                                    const std::vector<Channels>& variances) {
  return Walk(graph, plan, variances).run();
}

}  // namespace stretto::quantize
