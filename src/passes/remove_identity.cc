// Nodes that hand on their input as it is.
#include <cmath>
#include <limits>

#include "passes/match.h"
#include "passes/passes.h"

namespace stretto::passes {

namespace {

bool all_are(const Dims& dims, int64_t value) {
  return dims == Dims::filled(dims.size(), value);
}

bool rises(const Dims& perm) {
  for (int i = 0; i < perm.size(); ++i) {
    if (perm[i] != i) return false;
  }
  return true;
}

// keeps(attrs, src): given that the output has the type of src, the operator changes no element.
bool keeps(const op::Reshape&, const Shape&) {
  return true;
}
bool keeps(const op::Expand&, const Shape&) {
  return true;
}
bool keeps(const op::Cast&, const Shape&) {
  return true;
}
bool keeps(const op::Reformat&, const Shape&) {
  return true;
}
bool keeps(const op::Transpose& a, const Shape&) {
  return rises(a.perm);
}
bool keeps(const op::Pad& a, const Shape&) {
  return all_are(a.pads, 0);
}
bool keeps(const op::Slice& a, const Shape&) {
  return all_are(a.starts, 0) && all_are(a.steps, 1);
}
bool keeps(const op::Pool& a, const Shape&) {
  return all_are(a.kernel, 1) && all_are(a.strides, 1) && all_are(a.pads, 0);
}
bool keeps(const op::Reduce& a, const Shape& src) {
  for (int64_t axis : a.axes) {
    if (src[static_cast<int>(axis)] != 1) return false;
  }
  return true;
}
bool keeps(const op::Resize& a, const Shape&) {
  return a.scale_h == 1 && a.scale_w == 1;
}
bool keeps(const op::Unary& a, const Shape&) {
  constexpr float kMost = std::numeric_limits<float>::max();
  if (a.kind == op::UnaryKind::linear) return a.a == 1 && a.b == 0;
  return a.kind == op::UnaryKind::clip && a.a <= -kMost && a.b >= kMost;
}
template <class T>
bool keeps(const T&, const Shape&) {
  return false;
}

/// x + 0, x − 0, x · 1, x / 1, x ^ 1.
bool is_neutral(const ir::Graph& graph, ir::NodeId id) {
  auto with = match_scalar(graph, id);
  if (!with) return false;
  switch (as<op::Binary>(graph, id)->kind) {
    case op::BinaryKind::add:
      return with->c == 0;
    case op::BinaryKind::mul:
      return with->c == 1;
    case op::BinaryKind::sub:
      return with->c == 0 && !with->reversed;
    case op::BinaryKind::div:
    case op::BinaryKind::pow:
      return with->c == 1 && !with->reversed;
    default:
      return false;
  }
}

/// The input that the node hands on; kNone if it does more.
ir::ValueId handed_on(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& n = graph.node(id);
  if (is_neutral(graph, id)) return match_scalar(graph, id)->x;
  if (n.inputs.size() != 1 || !(graph.value(n.inputs[0]).type == output_type(graph, id))) return ir::kNone;
  if (std::holds_alternative<op::Concat>(n.attrs)) return n.inputs[0];
  const Shape& src = graph.value(n.inputs[0]).type.shape;
  return std::visit([&](const auto& a) { return keeps(a, src); }, n.attrs) ? n.inputs[0] : ir::kNone;
}

}  // namespace

Result<int> run_remove_identity(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    ir::ValueId source = handed_on(graph, id);
    ir::ValueId output = graph.node(id).output;
    // An output of the graph that is one of its inputs keeps the node: it is the copy.
    if (source == ir::kNone || !graph.can_replace(output, source)) continue;
    graph.replace_uses(output, source);
    graph.remove_node(id);
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
