#include "quantize/channel_classes.h"

#include <algorithm>

namespace stretto::quantize {
namespace {

bool is_f32(const ir::Graph& graph, ir::ValueId id) {
  return graph.value(id).type.dtype == DType::f32;
}

void place_conv(const Shape& shape, int64_t group, bool transposed, WeightPlaces& places) {
  const int64_t window = elements(shape) / (shape[0] * shape[1]);
  places.outputs = transposed ? shape[1] * group : shape[0];
  places.inputs = transposed ? shape[0] : shape[1] * group;
  const int64_t in_group = shape[0] / group;  // of axis 0: outputs of a conv, inputs of a transpose
  for (int64_t a = 0; a < shape[0]; ++a) {
    for (int64_t b = 0; b < shape[1]; ++b) {
      const auto first = static_cast<int32_t>(a), second = static_cast<int32_t>(a / in_group * shape[1] + b);
      for (int64_t w = 0; w < window; ++w) {
        places.output_input.emplace_back(transposed ? second : first, transposed ? first : second);
      }
    }
  }
}

void place_gemm(const Shape& shape, bool trans_b, WeightPlaces& places) {
  places.outputs = shape[trans_b ? 0 : 1];
  places.inputs = shape[trans_b ? 1 : 0];
  for (int64_t a = 0; a < shape[0]; ++a) {
    for (int64_t b = 0; b < shape[1]; ++b) {
      places.output_input.emplace_back(static_cast<int32_t>(trans_b ? a : b), static_cast<int32_t>(trans_b ? b : a));
    }
  }
}

}  // namespace

WeightPlaces weight_places(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  WeightPlaces places;
  if (!is_f32(graph, node.output) || node.inputs.size() < 2) return places;
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (!graph.value(node.inputs[i]).is_constant() || !is_f32(graph, node.inputs[i])) return places;
  }
  const Shape& shape = graph.value(node.inputs[1]).type.shape;
  if (const auto* conv = std::get_if<op::Conv>(&node.attrs)) place_conv(shape, conv->group, false, places);
  if (const auto* conv = std::get_if<op::ConvTranspose>(&node.attrs)) place_conv(shape, conv->group, true, places);
  if (const auto* gemm = std::get_if<op::Gemm>(&node.attrs); gemm != nullptr && !gemm->trans_a) {
    place_gemm(shape, gemm->trans_b, places);
  }
  if (node.inputs.size() > 2) {
    const Shape& bias = graph.value(node.inputs[2]).type.shape;
    if (elements(bias) != places.outputs || bias.back() != places.outputs) return {};
  }
  return places;
}

ChannelClasses::ChannelClasses(const ir::Graph& graph)
    : graph_(graph), pieces_(static_cast<size_t>(graph.value_count())) {
  for (ir::NodeId id : graph.topological_order()) visit(id);
  for (ir::ValueId id : graph.outputs()) fix(id);
}

int ChannelClasses::root(int cls) const {
  while (parent_[static_cast<size_t>(cls)] != cls) cls = parent_[static_cast<size_t>(cls)];
  return cls;
}

int ChannelClasses::add(ir::ValueId value, int64_t channels) {
  const int cls = static_cast<int>(parent_.size());
  parent_.push_back(cls);
  sizes_.push_back(channels);
  first_.push_back(value);
  fixed_.push_back(false);
  return cls;
}

void ChannelClasses::fix(ir::ValueId id) {
  for (int cls : pieces_[static_cast<size_t>(id)]) fixed_[static_cast<size_t>(root(cls))] = true;
}

bool ChannelClasses::passes(const ir::Node& node) const {
  const Shape &in = graph_.value(node.inputs[0]).type.shape, &out = graph_.value(node.output).type.shape;
  if (in.size() < 2 || out.size() < 2 || in[0] != out[0] || in[1] != out[1]) return false;
  if (const auto* u = std::get_if<op::Unary>(&node.attrs)) {
    if (u->kind == op::UnaryKind::clip) return u->a == 0 && u->b > 0;
    return u->kind == op::UnaryKind::relu || u->kind == op::UnaryKind::leaky_relu;
  }
  if (const auto* pad = std::get_if<op::Pad>(&node.attrs)) return pad->mode != op::PadMode::constant || pad->value == 0;
  if (const auto* r = std::get_if<op::Reduce>(&node.attrs)) {
    const bool linear = r->kind == op::ReduceKind::mean || r->kind == op::ReduceKind::max ||
                        r->kind == op::ReduceKind::min || r->kind == op::ReduceKind::sum;
    return linear && std::all_of(r->axes.begin(), r->axes.end(), [](int64_t axis) { return axis >= 2; });
  }
  if (std::holds_alternative<op::Reshape>(node.attrs)) return true;  // N and C are as they were
  return std::holds_alternative<op::Pool>(node.attrs) || std::holds_alternative<op::Resize>(node.attrs);
}

void ChannelClasses::join(const ir::Node& node) {
  std::vector<int> first = of(node.inputs[0]), second = of(node.inputs[1]);
  bool alike = !first.empty() && first.size() == second.size();
  for (size_t i = 0; alike && i < first.size(); ++i) alike = channels(first[i]) == channels(second[i]);
  if (!alike) {
    fix(node.inputs[0]);
    fix(node.inputs[1]);
    return;
  }
  for (size_t i = 0; i < first.size(); ++i) {
    const int a = root(first[i]), b = root(second[i]);
    const int into = std::min(a, b), from = std::max(a, b);
    parent_[static_cast<size_t>(from)] = into;
    const bool fixed = fixed_[static_cast<size_t>(a)] || fixed_[static_cast<size_t>(b)];
    fixed_[static_cast<size_t>(into)] = fixed;
  }
  pieces_[static_cast<size_t>(node.output)] = of(node.inputs[0]);
}

void ChannelClasses::visit(ir::NodeId id) {
  const ir::Node& node = graph_.node(id);
  auto& out = pieces_[static_cast<size_t>(node.output)];
  if (const WeightPlaces places = weight_places(graph_, id); places.outputs > 0) {
    out = {add(node.output, places.outputs)};
    return;
  }
  const auto* concat = std::get_if<op::Concat>(&node.attrs);
  const auto* binary = std::get_if<op::Binary>(&node.attrs);
  const bool same = binary != nullptr && graph_.value(node.inputs[0]).type == graph_.value(node.inputs[1]).type;
  if (same && binary->kind == op::BinaryKind::add) return join(node);
  bool known = concat != nullptr && concat->axis == 1;
  for (ir::ValueId in : node.inputs) known = known && !of(in).empty();
  if (known) {
    for (ir::ValueId in : node.inputs) {
      const std::vector<int> pieces = of(in);
      out.insert(out.end(), pieces.begin(), pieces.end());
    }
    return;
  }
  if (!node.inputs.empty() && is_f32(graph_, node.output) && passes(node)) {
    out = of(node.inputs[0]);
    return;
  }
  for (ir::ValueId in : node.inputs) fix(in);
}

std::vector<int> ChannelClasses::of(ir::ValueId id) const {
  std::vector<int> pieces = pieces_[static_cast<size_t>(id)];
  for (int& cls : pieces) cls = root(cls);
  return pieces;
}

std::vector<int> ChannelClasses::scalable() const {
  std::vector<int> all;
  for (int cls = 0; cls < static_cast<int>(parent_.size()); ++cls) {
    if (root(cls) == cls && !fixed(cls)) all.push_back(cls);
  }
  return all;
}

std::vector<std::vector<float>> ChannelClasses::by_value(const std::map<int, std::vector<float>>& by_class) const {
  std::vector<std::vector<float>> all(pieces_.size());
  for (size_t v = 0; v < all.size(); ++v) {
    bool any = false;
    for (int cls : of(static_cast<ir::ValueId>(v))) {
      auto it = by_class.find(cls);
      any = any || it != by_class.end();
      if (it != by_class.end()) all[v].insert(all[v].end(), it->second.begin(), it->second.end());
      if (it == by_class.end()) all[v].resize(all[v].size() + static_cast<size_t>(channels(cls)), 1.f);
    }
    if (!any) all[v].clear();
  }
  return all;
}

}  // namespace stretto::quantize
