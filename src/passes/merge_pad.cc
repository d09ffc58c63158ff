// A constant Pad of the spatial axes into the pads of the conv or pool that reads it, where both mean the same.
#include <cmath>

#include "passes/match.h"
#include "passes/passes.h"

namespace stretto::passes {

namespace {

/// The pads of the axes after N and C, or nothing where others are padded or some are cut.
std::optional<Dims> spatial_pads(const op::Pad& pad, int rank) {
  if (pad.mode != op::PadMode::constant || rank < 3) return std::nullopt;
  Dims result;
  for (int i = 0; i < 2 * rank; ++i) {
    if (pad.pads[i] < 0 || (i % rank < 2 && pad.pads[i] != 0)) return std::nullopt;
    if (i % rank >= 2) result.push_back(pad.pads[i]);
  }
  return result;
}

Dims sum(const Dims& a, const Dims& b) {
  Dims result = a;
  for (int i = 0; i < a.size(); ++i) result[i] += b[i];
  return result;
}

bool all_are(const Dims& dims, int64_t value) {
  return dims == Dims::filled(dims.size(), value);
}

/// The reader with the pads taken in, or nothing where it would compute something else.
std::optional<op::Attrs> absorbed(const ir::Graph& graph, const op::Attrs& reader, const op::Pad& pad, const Dims& pads,
                                  ir::ValueId source) {
  if (const auto* conv = std::get_if<op::Conv>(&reader)) {
    if (pad.value != 0) return std::nullopt;
    op::Conv result = *conv;
    result.pads = sum(conv->pads, pads);
    return result;
  }
  const auto* pool = std::get_if<op::Pool>(&reader);
  if (pool == nullptr || pool->ceil_mode) return std::nullopt;
  op::Pool result = *pool;
  result.pads = sum(pool->pads, pads);
  if (pool->kind == op::PoolKind::average) {
    if (pad.value != 0 || !(pool->count_include_pad || all_are(pool->pads, 0))) return std::nullopt;
    result.count_include_pad = true;
    return result;
  }
  // Padding never wins a maximum over a window that sees one true element, and without dilation every window does.
  bool never_wins = std::isinf(pad.value) && pad.value < 0;
  if (pad.value == 0) never_wins = is_non_negative(graph, source);
  if (!never_wins || !all_are(pool->dilations, 1)) return std::nullopt;
  return result;
}

}  // namespace

Result<int> run_merge_pad(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    if (as<op::Conv>(graph, id) == nullptr && as<op::Pool>(graph, id) == nullptr) continue;
    std::vector<ir::ValueId> inputs = graph.node(id).inputs;
    const auto* pad = made_by<op::Pad>(graph, inputs[0]);
    if (pad == nullptr) continue;
    auto pads = spatial_pads(*pad, graph.value(inputs[0]).type.shape.size());
    if (!pads) continue;
    inputs[0] = graph.node(graph.producer(inputs[0])).inputs[0];
    auto attrs = absorbed(graph, graph.node(id).attrs, *pad, *pads, inputs[0]);
    if (!attrs || !fits(graph, id, *attrs, inputs)) continue;
    STRETTO_TRY(graph.replace_node(id, *attrs, inputs));
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
