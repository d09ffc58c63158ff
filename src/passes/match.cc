#include "passes/match.h"

#include <algorithm>
#include <cmath>

namespace stretto::passes {

bool is_weight(const ir::Graph& graph, ir::ValueId id) {
  const ir::Value& v = graph.value(id);
  return v.is_constant() && v.type.dtype == DType::f32;
}

std::optional<float> splat(const ir::Graph& graph, ir::ValueId id) {
  if (!is_weight(graph, id)) return std::nullopt;
  auto values = graph.value(id).constant.as<float>();
  if (values.empty() || std::isnan(values[0])) return std::nullopt;
  for (float v : values) {
    if (v != values[0]) return std::nullopt;
  }
  return values[0];
}

std::optional<WithScalar> match_scalar(const ir::Graph& graph, ir::NodeId id) {
  if (as<op::Binary>(graph, id) == nullptr) return std::nullopt;
  const ir::Node& n = graph.node(id);
  for (size_t i : {1u, 0u}) {
    auto c = splat(graph, n.inputs[i]);
    ir::ValueId x = n.inputs[1 - i];
    if (c && graph.value(x).type == output_type(graph, id)) return WithScalar{x, *c, i == 0};
  }
  return std::nullopt;
}

bool fits(const ir::Graph& graph, ir::NodeId id, const op::Attrs& attrs, const std::vector<ir::ValueId>& inputs) {
  std::vector<TensorType> types;
  for (ir::ValueId v : inputs) types.push_back(graph.value(v).type);
  auto type = op::infer(attrs, types);
  return type.ok() && *type == output_type(graph, id);
}

namespace {

bool never_negative(const op::Unary& u) {
  switch (u.kind) {
    case op::UnaryKind::relu:
    case op::UnaryKind::sigmoid:
    case op::UnaryKind::hard_sigmoid:
    case op::UnaryKind::exp:
    case op::UnaryKind::abs:
      return true;
    case op::UnaryKind::clip:
      return u.a >= 0 && u.b >= 0;
    default:
      return false;
  }
}

/// Operators whose output is not negative where no input is.
bool keeps_sign(const op::Attrs& attrs) {
  if (const auto* r = std::get_if<op::Resize>(&attrs)) return r->mode != op::ResizeMode::cubic;
  if (const auto* p = std::get_if<op::Pad>(&attrs)) return p->mode != op::PadMode::constant || p->value >= 0;
  if (const auto* b = std::get_if<op::Binary>(&attrs)) {
    return b->kind == op::BinaryKind::add || b->kind == op::BinaryKind::mul || b->kind == op::BinaryKind::max ||
           b->kind == op::BinaryKind::min;
  }
  if (const auto* u = std::get_if<op::Unary>(&attrs)) {
    return u->kind == op::UnaryKind::swish || u->kind == op::UnaryKind::hard_swish || u->kind == op::UnaryKind::sqrt ||
           u->kind == op::UnaryKind::leaky_relu || (u->kind == op::UnaryKind::clip && u->b >= 0);
  }
  return std::holds_alternative<op::Pool>(attrs) || std::holds_alternative<op::Reduce>(attrs) ||
         std::holds_alternative<op::Concat>(attrs) || std::holds_alternative<op::Slice>(attrs) ||
         std::holds_alternative<op::Reshape>(attrs) || std::holds_alternative<op::Transpose>(attrs) ||
         std::holds_alternative<op::Expand>(attrs) || std::holds_alternative<op::Reformat>(attrs);
}

}  // namespace

bool is_non_negative(const ir::Graph& graph, ir::ValueId id, int depth) {
  const ir::Value& v = graph.value(id);
  if (v.type.dtype != DType::f32 || v.producer == ir::kNone || depth == 0) return false;
  const ir::Node& n = graph.node(v.producer);
  if (const auto* u = std::get_if<op::Unary>(&n.attrs); u != nullptr && never_negative(*u)) return true;
  if (std::holds_alternative<op::Softmax>(n.attrs)) return true;
  if (!keeps_sign(n.attrs)) return false;
  // Wide operators cost their width once: the depth bounds the walk to a short chain.
  int left = n.inputs.size() > 1 ? std::min(depth - 1, 3) : depth - 1;
  return std::all_of(n.inputs.begin(), n.inputs.end(),
                     [&](ir::ValueId in) { return is_non_negative(graph, in, left); });
}

}  // namespace stretto::passes
