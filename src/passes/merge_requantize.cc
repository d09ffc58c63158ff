// From integers to integers without real numbers between: a quantize finds, before it, activations that are bounds or
// a slope, an addition, and the dequantize of what it is made of.
#include <algorithm>
#include <cmath>

#include "op/integer.h"
#include "passes/quantized.h"

namespace stretto::passes {

namespace {

/// A requantize under construction. Bounds hold for the integers of the result.
struct Chain {
  op::Requantize attrs;
  float scale = 1;     // of the result
  ir::ValueId real{};  // what is bounded and rounded

  explicit Chain(const op::Quantize& q) : scale(q.scale) {
    attrs.zero = q.zero;
    attrs.low = op::lowest_of(q.to);
    attrs.high = op::highest_of(q.to);
    attrs.to = q.to;
  }
  bool activated() const {
    return attrs.slope != 1 || attrs.low != op::lowest_of(attrs.to) || attrs.high != op::highest_of(attrs.to);
  }
  bool at_least(float a) { return set(attrs.low, std::max(attrs.low, integer(a))); }
  bool at_most(float b) { return set(attrs.high, std::min(attrs.high, integer(b))); }

 private:
  int64_t integer(float x) const { return op::quantize(x, scale, static_cast<int32_t>(attrs.zero), attrs.to); }
  bool set(int64_t& bound, int64_t value) {
    bound = value;
    return attrs.low <= attrs.high;
  }
};

/// Takes relu and clip before the chain into its bounds. Quantisation rises with its argument, so both orders are the
/// same. A clip's bounds hold in order: the outer one last.
void take_bounds(const ir::Graph& graph, Chain& chain) {
  while (const auto* u = made_by<op::Unary>(graph, chain.real)) {
    Chain with = chain;
    if (u->kind == op::UnaryKind::relu) {
      if (!with.at_least(0)) return;
    } else if (u->kind == op::UnaryKind::clip) {
      if (!(u->a <= u->b) || !with.at_least(u->a) || !with.at_most(u->b)) return;
    } else {
      return;
    }
    with.real = graph.node(graph.producer(chain.real)).inputs[0];
    chain = with;
  }
}

/// Takes a leaky_relu before the chain, which stands before the bounds. Where it follows bytes of one scale nothing is
/// gained: a lookup in place of both is exact.
void take_slope(const ir::Graph& graph, Chain& chain) {
  const auto* u = made_by<op::Unary>(graph, chain.real);
  if (u == nullptr || u->kind != op::UnaryKind::leaky_relu || !(u->a >= 0 && u->a <= 1)) return;
  const ir::ValueId real = graph.node(graph.producer(chain.real)).inputs[0];
  if (match_dequantized_bytes(graph, real)) return;
  chain.attrs.slope = u->a;
  chain.real = real;
}

/// The scales of a source, in units of the result; nothing if they are not along axis 1 or not usable.
std::optional<std::vector<float>> relative_scales(const Dequantized& src, float scale) {
  if (src.scales.size() > 1 && src.axis != 1) return std::nullopt;
  std::vector<float> scales;
  for (float s : src.scales) {
    const double ratio = double{s} / double{scale};
    if (!is_usable_scale(ratio)) return std::nullopt;
    scales.push_back(static_cast<float>(ratio));
  }
  return scales;
}

Result<bool> write(ir::Graph& graph, ir::NodeId id, op::Requantize attrs, const Dequantized& src,
                   const std::optional<Dequantized>& other, float scale) {
  std::optional<std::vector<float>> scales = relative_scales(src, scale);
  if (!scales) return false;
  attrs.src_zero = src.zero;
  std::vector<ir::ValueId> inputs{src.integers, add_scales(graph, graph.node(id).name, *scales)};
  if (other) {
    std::optional<std::vector<float>> theirs = relative_scales(*other, scale);
    if (!theirs) return false;
    attrs.other_scale = (*theirs)[0];
    attrs.other_zero = other->zero;
    inputs.push_back(other->integers);
  }
  if (!fits(graph, id, attrs, inputs)) return false;
  STRETTO_TRY(graph.replace_node(id, attrs, inputs));
  return true;
}

bool is_computed(const ir::Graph& graph, const std::optional<Dequantized>& src) {
  return src && !graph.value(src->integers).is_constant();
}

/// The integers are those that were dequantised.
bool changes_nothing(const ir::Graph& graph, const Chain& chain, const Dequantized& src) {
  return !chain.activated() && src.scales.size() == 1 && src.scales[0] == chain.scale && src.zero == chain.attrs.zero &&
         graph.value(src.integers).type.dtype == chain.attrs.to;
}

Result<bool> merge_change(ir::Graph& graph, ir::NodeId id, const Chain& chain) {
  std::optional<Dequantized> src = match_dequantized(graph, chain.real);
  if (!is_computed(graph, src)) return false;
  const ir::ValueId result = graph.node(id).output;
  if (changes_nothing(graph, chain, *src) && graph.can_replace(result, src->integers)) {
    graph.replace_uses(result, src->integers);
    graph.remove_node(id);
    return true;
  }
  return write(graph, id, chain.attrs, *src, std::nullopt, chain.scale);
}

Result<bool> merge_addition(ir::Graph& graph, ir::NodeId id, const Chain& chain) {
  const ir::NodeId addition = graph.producer(chain.real);
  if (!is_binary(graph, addition, op::BinaryKind::add)) return false;
  const std::vector<ir::ValueId> in = graph.node(addition).inputs;
  std::optional<Dequantized> first = match_dequantized(graph, in[0]), second = match_dequantized(graph, in[1]);
  if (!is_computed(graph, first) || !is_computed(graph, second)) return false;
  if (!match_dequantized_bytes(graph, in[1])) std::swap(first, second);
  // `other` is bytes with one scale; the sum of a product comes first.
  if (second->scales.size() != 1 || graph.value(second->integers).type.dtype == DType::i32) return false;
  return write(graph, id, chain.attrs, *first, second, chain.scale);
}

/// An average of integers of the scale and zero point that it is rounded to.
Result<bool> merge_average(ir::Graph& graph, ir::NodeId id, const Chain& chain) {
  const auto* pool = made_by<op::Pool>(graph, chain.real);
  if (pool == nullptr || pool->kind != op::PoolKind::average || chain.activated()) return false;
  const bool padded = std::any_of(pool->pads.begin(), pool->pads.end(), [](int64_t p) { return p != 0; });
  if (padded && pool->count_include_pad) return false;
  std::optional<Dequantized> src = match_dequantized_bytes(graph, graph.node(graph.producer(chain.real)).inputs[0]);
  if (!src || !changes_nothing(graph, chain, *src)) return false;
  const op::Attrs attrs = *pool;
  if (!fits(graph, id, attrs, {src->integers})) return false;
  STRETTO_TRY(graph.replace_node(id, attrs, {src->integers}));
  return true;
}

Result<bool> merge(ir::Graph& graph, ir::NodeId id) {
  const auto* quantize = as<op::Quantize>(graph, id);
  if (quantize == nullptr || !is_usable_scale(quantize->scale)) return false;
  Chain chain(*quantize);
  chain.real = graph.node(id).inputs[0];
  take_bounds(graph, chain);
  take_slope(graph, chain);
  for (auto* way : {merge_change, merge_addition, merge_average}) {
    STRETTO_ASSIGN(bool merged, way(graph, id, chain));
    if (merged) return true;
  }
  return false;
}

}  // namespace

Result<int> merge_requantize(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    STRETTO_ASSIGN(bool merged, merge(graph, id));
    rewrites += merged;
  }
  return rewrites;
}

}  // namespace stretto::passes
