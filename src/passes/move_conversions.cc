// What only moves or compares elements works on integers: a byte an element in place of four, and what stands around it
// comes together.
#include <algorithm>

#include "op/integer.h"
#include "passes/quantized.h"

namespace stretto::passes {

namespace {

bool grows(const ir::Graph& graph, ir::NodeId id, size_t data_inputs) {
  int64_t in = 0;
  for (size_t i = 0; i < data_inputs; ++i) in += graph.value(graph.node(id).inputs[i]).type.elements();
  return output_type(graph, id).elements() > in;
}

bool only_quantized(const ir::Graph& graph, ir::ValueId id) {
  const std::vector<ir::NodeId> users = graph.users(id);
  return !graph.is_output(id) && std::all_of(users.begin(), users.end(),
                                             [&](ir::NodeId user) { return as<op::Quantize>(graph, user) != nullptr; });
}

/// The pad's value as an integer of that scale and zero point; nothing if it is not one of them.
bool quantize_value(op::Attrs& attrs, float scale, int64_t zero, DType type, bool must_be_exact) {
  auto* pad = std::get_if<op::Pad>(&attrs);
  if (pad == nullptr || pad->mode != op::PadMode::constant) return true;
  const auto z = static_cast<int32_t>(zero);
  const int32_t q = op::quantize(pad->value, scale, z, type);
  const bool exact = op::dequantize(q - z, scale) == pad->value;
  pad->value = static_cast<float>(q);
  return exact || !must_be_exact;
}

/// Puts `integers` = attrs(inputs) before the node, which becomes its dequantisation.
Status put_before(ir::Graph& graph, ir::NodeId id, const op::Attrs& attrs, std::vector<ir::ValueId> inputs,
                  int64_t zero, float scale) {
  const std::string name = graph.node(id).name;
  const ir::NodeId made = graph.node_count();
  STRETTO_ASSIGN(ir::ValueId integers, graph.add_node(name + "_real", attrs, std::move(inputs)));
  ir::ValueId scales = add_scales(graph, name, {scale});
  STRETTO_TRY(graph.replace_node(id, op::Dequantize{zero, 1}, {integers, scales}));
  graph.swap_node_names(id, made);
  return {};
}

Result<bool> sink_movement(ir::Graph& graph, ir::NodeId id) {
  std::optional<Movement> movement = match_movement(graph, id);
  if (!movement || output_type(graph, id).dtype != DType::f32) return false;
  std::vector<ir::ValueId> inputs = graph.node(id).inputs;
  std::optional<Dequantized> first;
  for (size_t i = 0; i < movement->data_inputs; ++i) {
    std::optional<Dequantized> one = match_dequantized_bytes(graph, inputs[i]);
    if (!one) return false;
    if (!first) first = one;
    const bool alike = one->zero == first->zero && one->scales == first->scales &&
                       graph.value(one->integers).type.dtype == graph.value(first->integers).type.dtype;
    if (!alike) return false;
    inputs[i] = one->integers;
  }
  const DType type = graph.value(first->integers).type.dtype;
  if (!quantize_value(movement->attrs, first->scales[0], first->zero, type, true)) return false;
  if (grows(graph, id, movement->data_inputs) && !only_quantized(graph, graph.node(id).output)) return false;
  if (!type_if_valid(graph, movement->attrs, inputs)) return false;
  STRETTO_TRY(put_before(graph, id, movement->attrs, inputs, first->zero, first->scales[0]));
  return true;
}

/// mean (q − zero) · scale = (Σ q − count · zero) · scale / count
Result<bool> sink_mean(ir::Graph& graph, ir::NodeId id) {
  const auto* reduce = as<op::Reduce>(graph, id);
  if (reduce == nullptr || reduce->kind != op::ReduceKind::mean) return false;
  std::optional<Dequantized> src = match_dequantized_bytes(graph, graph.node(id).inputs[0]);
  if (!src) return false;
  const int64_t count =
      graph.value(src->integers).type.elements() / std::max<int64_t>(1, output_type(graph, id).elements());
  if (count < 1 || count > (int64_t{1} << 22)) return false;
  const double scale = double{src->scales[0]} / static_cast<double>(count);
  op::Reduce sum = *reduce;
  sum.kind = op::ReduceKind::sum;
  std::optional<TensorType> type = type_if_valid(graph, sum, {src->integers});
  if (!type || type->dtype != DType::i32 || !is_usable_scale(scale)) return false;
  STRETTO_TRY(put_before(graph, id, sum, {src->integers}, src->zero * count, static_cast<float>(scale)));
  return true;
}

/// The value is made of integers by what a requantize or a movement can take.
bool comes_from_integers(const ir::Graph& graph, ir::ValueId id, int depth = 8) {
  const ir::NodeId node = graph.producer(id);
  if (node == ir::kNone || depth == 0) return false;
  if (as<op::Dequantize>(graph, node) != nullptr) return !graph.value(graph.node(node).inputs[0]).is_constant();
  std::optional<Movement> movement = match_movement(graph, node);
  const bool passes = movement || is_unary(graph, node, op::UnaryKind::relu) ||
                      is_unary(graph, node, op::UnaryKind::clip) || is_unary(graph, node, op::UnaryKind::leaky_relu) ||
                      is_binary(graph, node, op::BinaryKind::add);
  if (!passes) return false;
  const std::vector<ir::ValueId>& in = graph.node(node).inputs;
  const size_t count = movement ? movement->data_inputs : in.size();
  const int left = count > 1 ? std::min(depth - 1, 3) : depth - 1;
  return std::all_of(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(count),
                     [&](ir::ValueId v) { return comes_from_integers(graph, v, left); });
}

/// quantize(move(x)) → move(quantize(x)); the quantisations made are appended to `open`.
Result<bool> hoist(ir::Graph& graph, ir::NodeId id, std::vector<ir::NodeId>& open) {
  const auto* found = as<op::Quantize>(graph, id);
  if (found == nullptr) return false;
  const op::Quantize quantize = *found;
  const ir::ValueId real = graph.node(id).inputs[0];
  const ir::NodeId mover = graph.producer(real);
  std::optional<Movement> movement = match_movement(graph, mover);
  if (!movement || graph.sole_user(real) != id || !comes_from_integers(graph, real)) return false;
  quantize_value(movement->attrs, quantize.scale, quantize.zero, quantize.to, false);
  std::vector<ir::ValueId> inputs = graph.node(mover).inputs;
  const std::string name = graph.node(id).name;
  std::vector<ir::NodeId> made;
  for (size_t i = 0; i < movement->data_inputs; ++i) {
    made.push_back(graph.node_count());
    STRETTO_ASSIGN(inputs[i], graph.add_node(name + "_before", quantize, {inputs[i]}));
  }
  STRETTO_TRY(graph.replace_node(id, movement->attrs, inputs));
  graph.swap_node_names(id, mover);
  graph.remove_node(mover);
  open.insert(open.end(), made.begin(), made.end());
  return true;
}

/// requantize(reshape(x)) → reshape(requantize(x)): the epilogue stands beside its sum.
Result<bool> hoist_requantize(ir::Graph& graph, ir::NodeId id) {
  const auto* found = as<op::Requantize>(graph, id);
  if (found == nullptr || graph.node(id).inputs.size() != 2) return false;
  const op::Requantize requantize = *found;
  const ir::ValueId reshaped = graph.node(id).inputs[0], scales = graph.node(id).inputs[1];
  const ir::NodeId reshape = graph.producer(reshaped);
  const bool sum = graph.value(reshaped).type.dtype == DType::i32 && graph.value(scales).type.elements() == 1;
  if (!sum || as<op::Reshape>(graph, reshape) == nullptr || graph.sole_user(reshaped) != id) return false;
  const ir::ValueId source = graph.node(reshape).inputs[0];
  const op::Attrs attrs = graph.node(reshape).attrs;
  STRETTO_ASSIGN(ir::ValueId integers, graph.add_node(graph.node(id).name + "_before", requantize, {source, scales}));
  STRETTO_TRY(graph.replace_node(id, attrs, {integers}));
  graph.swap_node_names(id, graph.producer(integers));
  graph.remove_node(reshape);
  return true;
}

}  // namespace

Result<int> sink_dequantize(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    STRETTO_ASSIGN(bool moved, sink_movement(graph, id));
    STRETTO_ASSIGN(bool summed, sink_mean(graph, id));
    rewrites += moved || summed;
  }
  return rewrites;
}

Result<int> hoist_quantize(ir::Graph& graph) {
  int rewrites = 0;
  std::vector<ir::NodeId> open = graph.topological_order();
  for (size_t next = 0; next < open.size(); ++next) {
    const ir::NodeId id = open[next];
    if (graph.node(id).removed) continue;
    STRETTO_ASSIGN(bool moved, hoist(graph, id, open));
    STRETTO_ASSIGN(bool requantized, hoist_requantize(graph, id));
    rewrites += moved || requantized;
  }
  return rewrites;
}

}  // namespace stretto::passes
