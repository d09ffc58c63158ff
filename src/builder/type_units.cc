#include "builder/type_units.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>

namespace stretto {
namespace {

/// What the sums of a product cost more where they are written as reals: three more bytes an element, as the cover
/// reckons them.
constexpr double kSecondsPerByte = 1 / 64e9;
constexpr float kOne = 1;

bool is_conversion(const ir::Graph& graph, const ir::Node& node) {
  if (std::holds_alternative<op::Quantize>(node.attrs)) return true;
  return std::holds_alternative<op::Dequantize>(node.attrs) && graph.value(node.inputs[0]).type.dtype != DType::i32;
}

bool is_product(const ir::Node& node) {
  return std::holds_alternative<op::Conv>(node.attrs) || std::holds_alternative<op::ConvTranspose>(node.attrs) ||
         std::holds_alternative<op::Gemm>(node.attrs);
}

class UnitFinder {
 public:
  UnitFinder(const TypedCovers& covers, const ConversionCost& conversion)
      : c_(covers), conversion_(conversion), order_(covers.optimised.topological_order()) {
    for (ir::NodeId id : order_) by_name_[c_.optimised.node(id).name] = id;
    parent_.resize(static_cast<size_t>(c_.optimised.node_count()));
    std::iota(parent_.begin(), parent_.end(), 0);
  }

  Result<TypeUnits> find() {
    join_steps(c_.quantised, c_.narrow);
    join_steps(c_.reals, c_.wide);
    join_merged();
    number_units();
    for (const CoverStep& step : c_.narrow.steps) add_time(c_.quantised, step, &MixUnit::integer_s);
    for (const CoverStep& step : c_.wide.steps) add_time(c_.reals, step, &MixUnit::real_s);
    STRETTO_TRY(add_values());
    return std::move(found_);
  }

 private:
  /// The node of `optimised` that a node of another graph stands for; kNone if it stands for none.
  ir::NodeId source_of(const ir::Graph& graph, ir::NodeId id) const {
    const ir::Node& node = graph.node(id);
    if (is_conversion(graph, node)) return ir::kNone;
    if (auto it = by_name_.find(node.name); it != by_name_.end()) return it->second;
    const ir::ValueId value = c_.optimised.find_value(graph.value(node.output).name);
    return value == ir::kNone ? ir::kNone : c_.optimised.producer(value);
  }

  int root(int id) {
    while (parent_[static_cast<size_t>(id)] != id) id = parent_[static_cast<size_t>(id)];
    return id;
  }
  void join(ir::NodeId a, ir::NodeId b) {
    if (a != ir::kNone && b != ir::kNone) parent_[static_cast<size_t>(root(b))] = root(a);
  }

  void join_steps(const ir::Graph& graph, const Cover& cover) {
    for (const CoverStep& step : cover.steps) {
      ir::NodeId first = ir::kNone;
      for (ir::NodeId id : step.candidate.nodes) {
        const ir::NodeId source = source_of(graph, id);
        join(first, source);
        if (first == ir::kNone) first = source;
      }
    }
  }

  /// A product and what rescales its sums are of one unit, in one step or not; and a node that has none of its own in
  /// the quantised graph is a part of its only reader.
  void join_merged() {
    std::set<ir::NodeId> present;
    for (ir::NodeId id : c_.quantised.topological_order()) {
      const ir::NodeId source = source_of(c_.quantised, id);
      present.insert(source);
      for (ir::ValueId in : c_.quantised.node(id).inputs) {
        const ir::NodeId producer = c_.quantised.producer(in);
        if (producer == ir::kNone || c_.quantised.value(in).type.dtype != DType::i32) continue;
        join(source_of(c_.quantised, producer), source);
      }
    }
    for (ir::NodeId id : order_) {
      if (integer(id) && !present.contains(id)) join(id, c_.optimised.sole_user(c_.optimised.node(id).output));
    }
  }

  bool integer(ir::NodeId id) const { return id != ir::kNone && c_.integer[static_cast<size_t>(id)]; }

  void number_units() {
    for (ir::NodeId id : order_) {
      if (!integer(id)) continue;
      const auto [it, fresh] = unit_of_root_.emplace(root(id), static_cast<int>(found_.nodes.size()));
      if (fresh) {
        found_.nodes.emplace_back();
        found_.problem.units.emplace_back();
      }
      found_.nodes[static_cast<size_t>(it->second)].push_back(c_.optimised.node(id).name);
    }
  }

  int unit_of(ir::NodeId id) {
    const auto it = id == ir::kNone ? unit_of_root_.end() : unit_of_root_.find(root(id));
    return it == unit_of_root_.end() ? MixValue::kOutside : it->second;
  }

  void add_time(const ir::Graph& graph, const CoverStep& step, double MixUnit::*where) {
    if (step.is_view) return;
    for (ir::NodeId id : step.candidate.nodes) {
      const int unit = unit_of(source_of(graph, id));
      if (unit == MixValue::kOutside) continue;
      found_.problem.units[static_cast<size_t>(unit)].*where += step.choice.seconds;
      return;
    }
  }

  Status add_values() {
    const ir::Graph& g = c_.optimised;
    for (ir::ValueId id = 0; id < g.value_count(); ++id) {
      if (g.value(id).is_constant() || g.value(id).type.dtype != DType::f32) continue;
      const ir::NodeId maker = g.producer(id);
      MixValue value;
      value.maker = integer(maker) ? unit_of(maker) : MixValue::kOutside;
      std::set<int> readers;
      for (ir::NodeId user : g.users(id)) readers.insert(integer(user) ? unit_of(user) : MixValue::kOutside);
      if (g.is_output(id)) readers.insert(MixValue::kOutside);
      if (readers.empty() || (readers.size() == 1 && *readers.begin() == value.maker)) continue;
      value.readers.assign(readers.begin(), readers.end());
      STRETTO_ASSIGN(value.to_integer_s, conversion_(g.value(id).type, true));
      const bool sums = maker != ir::kNone && is_product(g.node(maker)) && readers.size() == 1;
      if (sums) {
        value.to_real_s = kSecondsPerByte * static_cast<double>(g.value(id).type.bytes());
      } else if (value.maker != MixValue::kOutside) {
        STRETTO_ASSIGN(value.to_real_s, conversion_(g.value(id).type, false));
      }
      found_.problem.values.push_back(std::move(value));
    }
    return {};
  }

  const TypedCovers& c_;
  const ConversionCost& conversion_;
  const std::vector<ir::NodeId> order_;
  std::unordered_map<std::string, ir::NodeId> by_name_;
  std::vector<int> parent_;
  std::map<int, int> unit_of_root_;
  TypeUnits found_;
};

/// The fastest way to compute a graph's only node.
Result<double> seconds_of_node(const ir::Graph& graph, Selector& selector, const std::vector<Layout>& blocked) {
  std::optional<Problem> best;
  double least = 0;
  Status why = internal_error("no way to convert");
  for (const Signature& s : signatures_of(blocked)) {
    BoundProblem bound = bind(graph, {{0}, false}, s);
    const auto guess = selector.guess(bound.problem);
    if (!guess.ok()) {
      why = guess.status();
      continue;
    }
    if (best && least <= guess->seconds) continue;
    least = guess->seconds;
    best = std::move(bound.problem);
  }
  if (!best) return why;
  STRETTO_ASSIGN(const Choice choice, selector.choose(*best));
  return choice.seconds;
}

}  // namespace

Result<TypeUnits> find_units(const TypedCovers& covers, const ConversionCost& conversion) {
  return UnitFinder(covers, conversion).find();
}

ConversionCost timed_conversions(Selector& selector, std::vector<Layout> blocked) {
  auto known = std::make_shared<std::map<std::pair<std::string, bool>, double>>();
  return [&selector, blocked = std::move(blocked), known](const TensorType& reals, bool to_integer) -> Result<double> {
    const auto key = std::make_pair(to_string(reals), to_integer);
    if (const auto it = known->find(key); it != known->end()) return it->second;
    ir::Graph graph;
    const ir::ValueId x = graph.add_input("x", {to_integer ? DType::f32 : DType::u8, reals.shape});
    if (to_integer) {
      STRETTO_TRY(graph.add_node("quantize", op::Quantize{1, 0, DType::u8}, {x}).status());
    } else {
      const ir::ValueId scale = graph.add_constant("scale", Tensor::of<float>(DType::f32, {1}, std::span(&kOne, 1)));
      STRETTO_TRY(graph.add_node("dequantize", op::Dequantize{0, 1}, {x, scale}).status());
    }
    graph.add_output(graph.node(0).output);
    STRETTO_ASSIGN(const double seconds, seconds_of_node(graph, selector, blocked));
    known->emplace(key, seconds);
    return seconds;
  };
}

}  // namespace stretto
