#include "passes/quantized.h"

#include <algorithm>
#include <cmath>

namespace stretto::passes {

std::optional<Dequantized> match_dequantized(const ir::Graph& graph, ir::ValueId id) {
  const auto* a = made_by<op::Dequantize>(graph, id);
  if (a == nullptr) return std::nullopt;
  const std::vector<ir::ValueId>& in = graph.node(graph.producer(id)).inputs;
  if (!is_weight(graph, in[1])) return std::nullopt;
  const std::span<const float> scales = graph.value(in[1]).constant.as<float>();
  if (!std::all_of(scales.begin(), scales.end(), is_usable_scale)) return std::nullopt;
  return Dequantized{in[0], a->zero, {scales.begin(), scales.end()}, a->axis};
}

std::optional<Dequantized> match_dequantized_bytes(const ir::Graph& graph, ir::ValueId id) {
  std::optional<Dequantized> found = match_dequantized(graph, id);
  if (!found || found->scales.size() != 1) return std::nullopt;
  const ir::Value& v = graph.value(found->integers);
  const bool bytes = v.type.dtype == DType::u8 || v.type.dtype == DType::i8;
  return bytes && !v.is_constant() ? found : std::nullopt;
}

std::optional<TensorType> type_if_valid(const ir::Graph& graph, const op::Attrs& attrs,
                                        const std::vector<ir::ValueId>& inputs) {
  std::vector<TensorType> types;
  for (ir::ValueId v : inputs) types.push_back(graph.value(v).type);
  auto type = op::infer(attrs, types);
  if (!type.ok()) return std::nullopt;
  return *type;
}

bool is_usable_scale(double scale) {
  return std::isfinite(static_cast<float>(scale)) && scale > 1e-30 && scale < 1e30;
}

ir::ValueId add_scales(ir::Graph& graph, const std::string& name, std::vector<float> scales) {
  const bool equal = std::all_of(scales.begin(), scales.end(), [&](float s) { return s == scales[0]; });
  if (equal) scales.resize(1);
  return graph.add_constant(name + "_scale",
                            Tensor::of<float>(DType::f32, {static_cast<int64_t>(scales.size())}, scales));
}

namespace {

bool moves(const op::Attrs& attrs) {
  if (const auto* p = std::get_if<op::Pool>(&attrs)) return p->kind == op::PoolKind::max;
  if (const auto* r = std::get_if<op::Reduce>(&attrs)) {
    return r->kind == op::ReduceKind::max || r->kind == op::ReduceKind::min;
  }
  if (const auto* r = std::get_if<op::Resize>(&attrs)) return r->mode == op::ResizeMode::nearest;
  return std::holds_alternative<op::Concat>(attrs) || std::holds_alternative<op::Slice>(attrs) ||
         std::holds_alternative<op::Reshape>(attrs) || std::holds_alternative<op::Transpose>(attrs) ||
         std::holds_alternative<op::Expand>(attrs) || std::holds_alternative<op::Gather>(attrs) ||
         std::holds_alternative<op::Pad>(attrs);
}

}  // namespace

std::optional<Movement> match_movement(const ir::Graph& graph, ir::NodeId id) {
  if (id == ir::kNone || graph.node(id).removed || !moves(graph.node(id).attrs)) return std::nullopt;
  const op::Attrs& attrs = graph.node(id).attrs;
  const bool all = std::holds_alternative<op::Concat>(attrs);
  return Movement{attrs, all ? graph.node(id).inputs.size() : 1};
}

}  // namespace stretto::passes
