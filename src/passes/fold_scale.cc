// A scale per channel into the weights of the one conv, conv_transpose or gemm that reads it: exact under padding too,
// as zero times the scale is zero. (A shift would not be; it stays.)
#include <algorithm>

#include "passes/affine.h"
#include "passes/passes.h"

namespace stretto::passes {

namespace {

/// How input channels stand in the weights of an operator.
std::optional<ChannelView> input_channels(const op::Attrs& attrs, const Shape& w) {
  if (const auto* conv = std::get_if<op::Conv>(&attrs)) {
    int64_t inner = elements(w) / std::max<int64_t>(w[0] * w[1], 1);
    return ChannelView{w[0], w[1], inner, std::max<int64_t>(w[0] / conv->group, 1)};
  }
  if (std::holds_alternative<op::ConvTranspose>(attrs)) {
    return ChannelView{1, w[0], elements(w) / std::max<int64_t>(w[0], 1), 1};
  }
  if (const auto* g = std::get_if<op::Gemm>(&attrs); g != nullptr && !g->trans_a) {
    return g->trans_b ? ChannelView{w[0], w[1], 1, std::max<int64_t>(w[0], 1)} : ChannelView{1, w[0], w[1], 1};
  }
  return std::nullopt;
}

}  // namespace

Result<int> run_fold_scale(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    auto affine = match_affine(graph, id);
    if (!affine || !affine->only_scales()) continue;
    ir::NodeId reader = graph.sole_user(graph.node(id).output);
    if (reader == ir::kNone) continue;
    const ir::Node& n = graph.node(reader);
    // The value must be the operator's source alone: neither its weights nor its bias.
    if (n.inputs.size() < 2 || n.inputs[0] != graph.node(id).output || !is_weight(graph, n.inputs[1])) continue;
    if (std::count(n.inputs.begin(), n.inputs.end(), n.inputs[0]) != 1) continue;
    const ir::Value& w = graph.value(n.inputs[1]);
    auto view = input_channels(n.attrs, w.type.shape);
    if (!view) continue;
    op::Attrs attrs = n.attrs;
    std::vector<ir::ValueId> inputs = n.inputs;
    Tensor folded = scaled(w.constant, *view, affine->scale);
    inputs[0] = affine->x;
    inputs[1] = graph.add_constant(std::string(w.name), std::move(folded));
    STRETTO_TRY(graph.replace_node(reader, std::move(attrs), std::move(inputs)));
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
