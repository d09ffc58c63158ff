// One activation for two: relu and clip in a row are one clip, and a relu of what is never negative is nothing. The
// plain forms of both come first: clip(0, ∞), max(x, 0) and min(x, c) become relu and clip.
#include <algorithm>
#include <limits>

#include "passes/match.h"
#include "passes/passes.h"

namespace stretto::passes {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Range {
  float low, high;
};

/// Bounds that no float exceeds are none.
float unbounded(float v) {
  if (v >= std::numeric_limits<float>::max()) return kInfinity;
  return v <= -std::numeric_limits<float>::max() ? -kInfinity : v;
}

/// The range and the source of a relu, a clip, or a maximum or minimum with one number.
std::optional<std::pair<ir::ValueId, Range>> match_range(const ir::Graph& graph, ir::NodeId id) {
  if (id == ir::kNone || graph.node(id).removed || output_type(graph, id).dtype != DType::f32) return std::nullopt;
  if (const auto* u = as<op::Unary>(graph, id)) {
    ir::ValueId x = graph.node(id).inputs[0];
    if (u->kind == op::UnaryKind::relu) return std::pair{x, Range{0, kInfinity}};
    if (u->kind == op::UnaryKind::clip && u->a <= u->b) return std::pair{x, Range{unbounded(u->a), unbounded(u->b)}};
    return std::nullopt;
  }
  auto with = match_scalar(graph, id);
  if (!with) return std::nullopt;
  if (is_binary(graph, id, op::BinaryKind::max)) return std::pair{with->x, Range{unbounded(with->c), kInfinity}};
  if (is_binary(graph, id, op::BinaryKind::min)) return std::pair{with->x, Range{-kInfinity, unbounded(with->c)}};
  return std::nullopt;
}

op::Unary unary_of(Range r) {
  if (r.low == 0 && r.high == kInfinity) return {op::UnaryKind::relu};
  return {op::UnaryKind::clip, r.low, r.high};
}

bool is_needless(const ir::Graph& graph, ir::ValueId source, Range range) {
  return range.low <= 0 && range.high == kInfinity && is_non_negative(graph, source);
}

}  // namespace

Result<int> run_merge_activations(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    auto outer = match_range(graph, id);
    if (!outer) continue;
    auto [source, range] = *outer;
    ir::ValueId output = graph.node(id).output;
    if (is_needless(graph, source, range) && graph.can_replace(output, source)) {
      graph.replace_uses(output, source);
      graph.remove_node(id);
      ++rewrites;
      continue;
    }
    if (auto inner = match_range(graph, graph.producer(source))) {
      range = {std::clamp(inner->second.low, range.low, range.high),
               std::clamp(inner->second.high, range.low, range.high)};
      source = inner->first;
    }
    op::Unary written = unary_of(range);
    const auto* present = as<op::Unary>(graph, id);
    if (present != nullptr && *present == written && source == outer->first) continue;
    if (present != nullptr && present->kind == op::UnaryKind::relu && written.kind == present->kind &&
        source == outer->first) {
      continue;
    }
    STRETTO_TRY(graph.replace_node(id, written, {source}));
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
