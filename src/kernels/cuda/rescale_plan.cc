#include "kernels/cuda/rescale_plan.h"

#include <cstring>

#include "device/memory.h"

namespace stretto::kernels::cuda {
namespace {

/// Whether node `node` reads what the one before it made.
bool follows(const Problem &problem, size_t node) {
  return node == 0 || problem.nodes[node].inputs[0] == problem.nodes[node - 1].output;
}

/// The operand of node `node` that is packed with its step: scales or a table; −1: none.
int packed_operand(const Problem::Node &node) {
  const bool packs = std::holds_alternative<op::Dequantize>(node.attrs) ||
                     std::holds_alternative<op::Requantize>(node.attrs) ||
                     std::holds_alternative<op::Lookup>(node.attrs);
  return packs ? node.inputs[1] : -1;
}

/// Where what node `node` packs begins, counted from what node `first` packs.
size_t packed_before(const Problem &problem, size_t first, size_t node) {
  size_t bytes = 0;
  for (size_t i = first; i < node; ++i) {
    const int operand = packed_operand(problem.nodes[i]);
    if (operand >= 0) bytes += align_up(operand_of(problem, operand).type.bytes());
  }
  return bytes;
}

bool match_scales(const Problem &problem, const Problem::Node &node, RescaleParams &p) {
  const Operand &scales = operand_of(problem, node.inputs[1]);
  p.per_index = scales.type.shape[0] != 1;
  return scales.role == Role::constant;
}

bool match_scaling(const Problem &problem, size_t node, RescaleParams &p) {
  const Problem::Node &n = problem.nodes[node];
  if (const auto *a = std::get_if<op::Dequantize>(&n.attrs)) {
    p.kind = RescaleParams::Kind::dequantize;
    p.src_zero = static_cast<int32_t>(a->zero);
    if (!match_scales(problem, n, p)) return false;
    return !p.per_index || a->axis == 1 || (node == 0 && problem.output().layout == Layout::plain);
  }
  const auto *a = std::get_if<op::Requantize>(&n.attrs);
  if (a == nullptr || !match_scales(problem, n, p)) return false;
  p.kind = RescaleParams::Kind::requantize;
  p.src_zero = static_cast<int32_t>(a->src_zero);
  p.zero = static_cast<int32_t>(a->zero);
  p.least = static_cast<float>(a->low - a->zero);
  p.most = static_cast<float>(a->high - a->zero);
  p.slope = a->slope;
  if (n.inputs.size() < 3) return true;
  const Operand &other = operand_of(problem, n.inputs[2]);
  p.has_other = true;
  p.other = input_position(problem, n.inputs[2]);
  p.other_element = stored_as(other);
  p.other_zero = static_cast<int32_t>(a->other_zero);
  p.other_scale = a->other_scale;
  return p.other >= 0 && other.layout == problem.output().layout;
}

}  // namespace

bool match_lookup(const Problem &problem, size_t node, RescaleParams &p) {
  const Problem::Node &n = problem.nodes[node];
  if (!std::holds_alternative<op::Lookup>(n.attrs) || !follows(problem, node)) return false;
  p.has_table = true;
  return operand_of(problem, n.inputs[1]).role == Role::constant;
}

std::optional<RescaleParams> match_rescale(const Problem &problem, size_t first, size_t offset) {
  RescaleParams p{};
  p.out = stored_as(problem.output());
  p.slope = 1;
  const size_t count = problem.nodes.size();
  if (first == count) return p;
  if (!follows(problem, first) || !match_scaling(problem, first, p)) return std::nullopt;
  p.scales = offset;
  if (first + 1 == count) return p;
  if (first + 2 != count || p.kind != RescaleParams::Kind::requantize) return std::nullopt;
  if (!match_lookup(problem, first + 1, p)) return std::nullopt;
  p.table = offset + packed_before(problem, first, first + 1);
  return p;
}

size_t rescale_bytes(const Problem &problem, size_t first) {
  return packed_before(problem, first, problem.nodes.size());
}

void pack_rescale(const Problem &problem, size_t first, std::span<const Tensor> constants, std::byte *to) {
  std::memset(to, 0, rescale_bytes(problem, first));
  for (size_t i = first; i < problem.nodes.size(); ++i) {
    const int operand = packed_operand(problem.nodes[i]);
    if (operand < 0) continue;
    const Tensor &constant = constants[static_cast<size_t>(constant_position(problem, operand))];
    std::memcpy(to + packed_before(problem, first, i), constant.data(), constant.bytes());
  }
}

Refusal refuse_integers(const Problem &problem) {
  for (const Operand &o : problem.operands) {
    const DType type = o.type.dtype;
    const bool byte = type == DType::u8 || type == DType::i8;
    if (!byte && type != DType::f32 && type != DType::i32) return Refusal::other_type;
    if (is_half(o.layout) || (o.layout != Layout::plain && !is_channels_last(o.layout))) return Refusal::other_layout;
    if (!is_small(o)) return Refusal::too_large;
  }
  return Refusal::none;
}

}  // namespace stretto::kernels::cuda
