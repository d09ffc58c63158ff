#include "quantize/equalise.h"

#include <fmt/format.h>

namespace stretto::quantize {
namespace {

const op::Conv* conv_of(const ir::Graph& graph, ir::NodeId id) {
  if (id == ir::kNone) return nullptr;
  const ir::Node& node = graph.node(id);
  const auto* conv = std::get_if<op::Conv>(&node.attrs);
  if (conv == nullptr || graph.value(node.output).type.dtype != DType::f32) return nullptr;
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (!graph.value(node.inputs[i]).is_constant()) return nullptr;
  }
  return conv;
}

/// The convolution whose output channels the value's are.
ir::NodeId maker_of(const ir::Graph& graph, ir::ValueId value) {
  ir::NodeId id = graph.producer(value);
  if (id == ir::kNone) return ir::kNone;
  const auto* u = std::get_if<op::Unary>(&graph.node(id).attrs);
  if (u != nullptr && (u->kind == op::UnaryKind::relu || u->kind == op::UnaryKind::leaky_relu)) {
    const ir::ValueId before = graph.node(id).inputs[0];
    if (graph.sole_user(before) != id) return ir::kNone;
    id = graph.producer(before);
  }
  return conv_of(graph, id) == nullptr ? ir::kNone : id;
}

/// A copy of the constant with element i times factor(i); the node reads it in place of input `input`.
template <class Factor>
Status scale_input(ir::Graph& graph, ir::NodeId id, size_t input, Factor factor) {
  const ir::Node node = graph.node(id);
  const Tensor& from = graph.value(node.inputs[input]).constant;
  Tensor scaled(from.type());
  for (int64_t i = 0; i < from.elements(); ++i) {
    const auto at = static_cast<size_t>(i);
    scaled.as_mutable<float>()[at] = static_cast<float>(from.as<float>()[at] * factor(i));
  }
  std::vector<ir::ValueId> inputs = node.inputs;
  inputs[input] = graph.add_constant(graph.value(node.inputs[input]).name, scaled);
  return graph.replace_node(id, node.attrs, inputs);
}

Status divide_output(ir::Graph& graph, ir::NodeId id, const std::vector<float>& factors) {
  const ir::Node node = graph.node(id);
  const int64_t row = graph.value(node.inputs[1]).type.elements() / static_cast<int64_t>(factors.size());
  auto inverse = [&](int64_t channel) { return 1 / double{factors[static_cast<size_t>(channel)]}; };
  STRETTO_TRY(scale_input(graph, id, 1, [&](int64_t i) { return inverse(i / row); }));
  return node.inputs.size() > 2 ? scale_input(graph, id, 2, inverse) : Status();
}

Status multiply_input(ir::Graph& graph, ir::NodeId id, const std::vector<float>& factors) {
  const ir::Node node = graph.node(id);
  const Shape shape = graph.value(node.inputs[1]).type.shape;
  const int64_t per_group = shape[1], outputs = shape[0] / std::get<op::Conv>(node.attrs).group;
  const int64_t row = elements(shape) / shape[0], window = row / per_group;
  return scale_input(graph, id, 1, [&](int64_t i) {
    const int64_t group = i / row / outputs, channel = i % row / window;
    return double{factors[static_cast<size_t>(group * per_group + channel)]};
  });
}

Status equalise_one(ir::Graph& graph, const std::string& name, const std::vector<float>& factors) {
  const ir::ValueId value = graph.find_value(name);
  if (value == ir::kNone) return bad_input("the graph has no such value; remove the line from the recipe");
  const Shape& shape = graph.value(value).type.shape;
  if (shape.size() < 2 || shape[1] != static_cast<int64_t>(factors.size())) {
    return bad_input(
        fmt::format("it is {}, which has not {} channels", to_string(graph.value(value).type), factors.size()));
  }
  const ir::NodeId maker = maker_of(graph, value);
  const std::vector<ir::NodeId> readers = graph.users(value);
  bool good = maker != ir::kNone && !graph.is_output(value) && !readers.empty();
  for (ir::NodeId reader : readers) good = good && conv_of(graph, reader) != nullptr;
  if (!good) {
    return bad_input("it must be made by a convolution (and a relu), and read by convolutions alone; remove the line");
  }
  STRETTO_TRY(divide_output(graph, maker, factors));
  for (ir::NodeId reader : readers) STRETTO_TRY(multiply_input(graph, reader, factors));
  return {};
}

}  // namespace

Result<ir::Graph> equalise(ir::Graph graph, const std::map<std::string, std::vector<float>>& factors) {
  for (const auto& [name, values] : factors) {
    for (float f : values) {
      if (!(f > 0)) return bad_input(fmt::format("equalise '{}': the factor {} must be positive", name, f));
    }
    STRETTO_TRY(equalise_one(graph, name, values).in(fmt::format("equalise '{}'", name)));
  }
  graph.remove_dead();
  return graph;
}

}  // namespace stretto::quantize
