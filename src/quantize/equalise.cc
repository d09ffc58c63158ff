#include "quantize/equalise.h"

#include <fmt/format.h>

#include <optional>

namespace stretto::quantize {
namespace {

/// The node with weights[i] times factor(i) and, where it has a bias, bias[o] times bias_factor(o).
template <class Factor, class BiasFactor>
Status scale_constants(ir::Graph& graph, ir::NodeId id, Factor factor, BiasFactor bias_factor) {
  const ir::Node node = graph.node(id);
  std::vector<ir::ValueId> inputs = node.inputs;
  for (size_t input = 1; input < inputs.size(); ++input) {
    const Tensor& from = graph.value(inputs[input]).constant;
    Tensor scaled(from.type());
    for (size_t i = 0; i < from.as<float>().size(); ++i) {
      const double by = input == 1 ? factor(i) : bias_factor(i);
      scaled.as_mutable<float>()[i] = static_cast<float>(from.as<float>()[i] * by);
    }
    inputs[input] = graph.add_constant(graph.value(inputs[input]).name, scaled);
  }
  return graph.replace_node(id, node.attrs, inputs);
}

Result<int> class_named(const ir::Graph& graph, const ChannelClasses& classes, const std::string& name,
                        const std::vector<float>& factors) {
  const ir::ValueId value = graph.find_value(name);
  if (value == ir::kNone) return bad_input("the graph has no such value; remove the line from the recipe");
  const std::vector<int> pieces = classes.of(value);
  if (pieces.size() != 1 || classes.fixed(pieces[0])) {
    return bad_input(
        "its channels cannot be scaled: products by constants must make it, and read it through no more than relu, "
        "clip from 0, pooling, concat and addition; remove the line");
  }
  if (classes.channels(pieces[0]) != static_cast<int64_t>(factors.size())) {
    return bad_input(
        fmt::format("it is {}, which has not {} channels", to_string(graph.value(value).type), factors.size()));
  }
  for (float f : factors) {
    if (!(f > 0)) return bad_input(fmt::format("the factor {} must be positive", f));
  }
  return pieces[0];
}

}  // namespace

Result<ir::Graph> equalise(ir::Graph graph, const Factors& factors) {
  if (factors.empty()) return graph;
  std::vector<std::vector<float>> divisors;
  {
    const ChannelClasses classes(graph);
    std::map<int, std::vector<float>> by_class;
    for (const auto& [name, values] : factors) {
      const std::string place = fmt::format("equalise '{}'", name);
      auto cls = class_named(graph, classes, name, values);
      if (!cls.ok()) return cls.status().in(place);
      if (by_class.contains(*cls)) return bad_input(place + ": its channels have factors already; remove the line");
      by_class[*cls] = values;
    }
    divisors = classes.by_value(by_class);
  }
  for (ir::NodeId id : graph.topological_order()) {
    const WeightPlaces places = weight_places(graph, id);
    if (places.outputs == 0) continue;
    const auto& in = divisors[static_cast<size_t>(graph.node(id).inputs[0])];
    const auto& out = divisors[static_cast<size_t>(graph.node(id).output)];
    if (in.empty() && out.empty()) continue;
    auto divisor = [](const std::vector<float>& by, size_t channel) { return by.empty() ? 1 : double{by[channel]}; };
    STRETTO_TRY(scale_constants(
        graph, id,
        [&](size_t i) {
          const auto [o, c] = places.output_input[i];
          return divisor(in, static_cast<size_t>(c)) / divisor(out, static_cast<size_t>(o));
        },
        [&](size_t o) { return 1 / divisor(out, o); }));
  }
  graph.remove_dead();
  return graph;
}

std::vector<std::vector<float>> divisors_of(const ir::Graph& graph, const Factors& factors) {
  const ChannelClasses classes(graph);
  std::map<int, std::vector<float>> by_class;
  for (const auto& [name, values] : factors) {
    const ir::ValueId value = graph.find_value(name);
    if (value == ir::kNone) continue;
    auto cls = class_named(graph, classes, name, values);
    if (cls.ok()) by_class[*cls] = values;
  }
  return classes.by_value(by_class);
}

}  // namespace stretto::quantize
