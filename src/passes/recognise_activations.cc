// Activations that exporters write as several nodes: hard_sigmoid, hard_swish, swish, leaky_relu.
#include <algorithm>
#include <cmath>

#include "passes/affine.h"
#include "passes/passes.h"

namespace stretto::passes {

namespace {

using op::BinaryKind;
using op::UnaryKind;

bool near(double a, double b) {
  return std::abs(a - b) <= 1e-6 * std::abs(b);
}

/// a·x + b for every element; a value that nothing of the kind made is 1·itself + 0.
struct Line {
  ir::ValueId x;
  double a = 1, b = 0;
  bool found = false;
};

Line match_line(const ir::Graph& graph, ir::ValueId v) {
  ir::NodeId id = graph.producer(v);
  if (id == ir::kNone) return {v};
  auto affine = match_affine(graph, id);
  if (!affine || !affine->is_scalar() || as<op::BatchNorm>(graph, id) != nullptr) return {v};
  return {affine->x, affine->scale[0], affine->shift[0], true};
}

/// min(max(a·x + b, 0), high) with an a·x + b that is there.
struct Ramp {
  Line line;
  double high = 1;
};

std::optional<Ramp> match_ramp(const ir::Graph& graph, ir::ValueId v) {
  const auto* u = made_by<op::Unary>(graph, v);
  if (u == nullptr) return std::nullopt;
  ir::ValueId x = graph.node(graph.producer(v)).inputs[0];
  if (u->kind == UnaryKind::hard_sigmoid) return Ramp{{x, u->a, u->b, true}, 1};
  if (u->kind != UnaryKind::clip || u->a != 0 || !(u->b > 0) || !std::isfinite(u->b)) return std::nullopt;
  Line line = match_line(graph, x);
  if (!line.found) return std::nullopt;
  return Ramp{line, u->b};
}

/// What stands there of activations in one operator.
struct Found {
  op::Unary unary;
  ir::ValueId x;
};

/// s · clip(p·x + q, 0, h) with s·h = 1.
std::optional<Found> match_hard_sigmoid(const ir::Graph& graph, ir::ValueId v) {
  if (is_unary(graph, graph.producer(v), UnaryKind::hard_sigmoid)) return std::nullopt;
  Line outer = match_line(graph, v);
  auto ramp = match_ramp(graph, outer.x);
  if (!ramp || outer.b != 0 || !near(outer.a * ramp->high, 1)) return std::nullopt;
  return Found{
      {UnaryKind::hard_sigmoid, static_cast<float>(ramp->line.a * outer.a), static_cast<float>(ramp->line.b * outer.a)},
      ramp->line.x};
}

/// s₁ · (s₂·x · clip(p·x + q, 0, h)) with s₁·s₂·h = 1 and the slope and shift of hard_swish.
std::optional<Found> match_hard_swish(const ir::Graph& graph, ir::ValueId v) {
  Line outer = match_line(graph, v);
  if (outer.b != 0 || !is_binary(graph, graph.producer(outer.x), BinaryKind::mul)) return std::nullopt;
  const auto& factors = graph.node(graph.producer(outer.x)).inputs;
  for (size_t i : {0u, 1u}) {
    auto ramp = match_ramp(graph, factors[i]);
    if (!ramp) continue;
    Line other{factors[1 - i]};
    if (other.x != ramp->line.x) other = match_line(graph, other.x);
    double scale = outer.a * other.a;
    if (other.x == ramp->line.x && other.b == 0 && near(scale * ramp->high, 1) && near(scale * ramp->line.a, 1.0 / 6) &&
        near(scale * ramp->line.b, 0.5)) {
      return Found{{UnaryKind::hard_swish}, other.x};
    }
  }
  return std::nullopt;
}

std::optional<Found> match_swish(const ir::Graph& graph, ir::ValueId v) {
  if (!is_binary(graph, graph.producer(v), BinaryKind::mul)) return std::nullopt;
  const auto& factors = graph.node(graph.producer(v)).inputs;
  for (size_t i : {0u, 1u}) {
    ir::NodeId gate = graph.producer(factors[i]);
    if (is_unary(graph, gate, UnaryKind::sigmoid) && graph.node(gate).inputs[0] == factors[1 - i]) {
      return Found{{UnaryKind::swish}, factors[1 - i]};
    }
  }
  return std::nullopt;
}

/// prelu with one slope, and max(x, s·x) for 0 ≤ s ≤ 1.
std::optional<Found> match_leaky_relu(const ir::Graph& graph, ir::ValueId v) {
  ir::NodeId id = graph.producer(v);
  if (is_binary(graph, id, BinaryKind::prelu)) {
    auto with = match_scalar(graph, id);
    if (!with || with->reversed) return std::nullopt;
    return Found{{UnaryKind::leaky_relu, with->c}, with->x};
  }
  if (!is_binary(graph, id, BinaryKind::max)) return std::nullopt;
  const auto& in = graph.node(id).inputs;
  for (size_t i : {0u, 1u}) {
    Line line = match_line(graph, in[i]);
    if (line.found && line.x == in[1 - i] && line.b == 0 && line.a >= 0 && line.a <= 1) {
      return Found{{UnaryKind::leaky_relu, static_cast<float>(line.a)}, line.x};
    }
  }
  return std::nullopt;
}

std::optional<Found> match_relu(const ir::Graph& graph, ir::ValueId v) {
  const auto* u = made_by<op::Unary>(graph, v);
  if (u == nullptr || u->kind != UnaryKind::leaky_relu || u->a != 0) return std::nullopt;
  return Found{{UnaryKind::relu}, graph.node(graph.producer(v)).inputs[0]};
}

}  // namespace

Result<int> run_recognise_activations(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    ir::ValueId v = graph.node(id).output;
    if (graph.value(v).type.dtype != DType::f32) continue;
    std::optional<Found> found;
    for (auto* match : {match_hard_swish, match_hard_sigmoid, match_swish, match_leaky_relu, match_relu}) {
      if (!found) found = match(graph, v);
    }
    if (!found || !fits(graph, id, found->unary, {found->x})) continue;
    STRETTO_TRY(graph.replace_node(id, found->unary, {found->x}));
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
