// Constant arithmetic on constant arithmetic: two scales or two shifts by channel become one, and what is one number to
// every element becomes a linear (a·x + b), which needs no second input.
#include <algorithm>
#include <cmath>

#include "passes/affine.h"
#include "passes/passes.h"

namespace stretto::passes {

namespace {

using Numbers = std::vector<double>;

double pick(const Numbers& numbers, size_t i) {
  return numbers.size() == 1 ? numbers[0] : numbers[i];
}

/// outer(inner(x))
std::optional<Affine> composed(const Affine& outer, const Affine& inner) {
  size_t count = std::max(outer.scale.size(), inner.scale.size());
  Affine both{inner.x, Numbers(count), Numbers(count)};
  for (size_t i = 0; i < count; ++i) {
    both.scale[i] = pick(outer.scale, i) * pick(inner.scale, i);
    both.shift[i] = pick(outer.scale, i) * pick(inner.shift, i) + pick(outer.shift, i);
    if (!std::isfinite(static_cast<float>(both.scale[i])) || !std::isfinite(static_cast<float>(both.shift[i]))) {
      return std::nullopt;
    }
  }
  return both;
}

/// The node as one operator, where one is enough.
Result<bool> write(ir::Graph& graph, ir::NodeId id, const Affine& affine) {
  if (affine.is_scalar()) {
    op::Unary linear{op::UnaryKind::linear, static_cast<float>(affine.scale[0]), static_cast<float>(affine.shift[0])};
    STRETTO_TRY(graph.replace_node(id, linear, {affine.x}));
    return true;
  }
  if (!affine.only_scales() && !affine.only_shifts()) return false;
  const Numbers& numbers = affine.only_scales() ? affine.scale : affine.shift;
  auto kind = affine.only_scales() ? op::BinaryKind::mul : op::BinaryKind::add;
  Tensor constant = channel_constant(numbers, output_type(graph, id).shape.size());
  ir::ValueId c = graph.add_constant(graph.node(id).name + "_c", std::move(constant));
  STRETTO_TRY(graph.replace_node(id, op::Binary{kind}, {affine.x, c}));
  return true;
}

bool is_linear(const ir::Graph& graph, ir::NodeId id) {
  return is_unary(graph, id, op::UnaryKind::linear);
}

}  // namespace

Result<int> run_merge_affine(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    auto outer = match_affine(graph, id);
    if (!outer || as<op::BatchNorm>(graph, id) != nullptr) continue;
    ir::NodeId before = graph.producer(outer->x);
    auto inner = before == ir::kNone ? std::nullopt : match_affine(graph, before);
    // The inner one must go: with another reader its work would be done twice.
    if (inner && graph.sole_user(outer->x) == id && as<op::BatchNorm>(graph, before) == nullptr) {
      if (auto both = composed(*outer, *inner)) {
        STRETTO_ASSIGN(bool merged, write(graph, id, *both));
        rewrites += merged;
        if (merged) continue;
      }
    }
    if (!outer->is_scalar() || is_linear(graph, id) || is_unary(graph, id, op::UnaryKind::neg)) continue;
    STRETTO_ASSIGN(bool written, write(graph, id, *outer));
    rewrites += written;
  }
  return rewrites;
}

}  // namespace stretto::passes
