#include "kernels/cpu/x86/integer_epilogue.h"

#include <algorithm>

#include "kernels/cpu/x86/blocked.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kTableBytes = 256;

const Problem::Node& store_node(const Problem& problem) {
  return problem.nodes[1];
}

/// The unary node that only keeps the real values of the node before it within bounds; else null.
const op::Unary* bounds_of(const Problem& problem, const Problem::Node& node) {
  const auto* unary = std::get_if<op::Unary>(&node.attrs);
  if (unary == nullptr || node.inputs[0] != store_node(problem).output) return nullptr;
  return unary->kind == op::UnaryKind::relu || unary->kind == op::UnaryKind::clip ? unary : nullptr;
}

Refusal check_requantize(const Problem& problem) {
  const Problem::Node& node = store_node(problem);
  if (node.inputs.size() > 2) {
    const Operand& other = operand(problem, node.inputs[2]);
    if (other.role != Role::input) return Refusal::fused_operators;
    if (other.layout != Layout::c16) return Refusal::other_layout;
  }
  if (problem.nodes.size() > 2) {
    const Problem::Node& last = problem.nodes[2];
    if (!std::holds_alternative<op::Lookup>(last.attrs) || last.inputs[0] != node.output) {
      return Refusal::fused_operators;
    }
    if (operand(problem, last.inputs[1]).role != Role::constant) return Refusal::dynamic_weights;
    if (problem.output().type.dtype == DType::f32) return Refusal::other_type;
  }
  return problem.output().layout == Layout::c16 ? Refusal::none : Refusal::other_layout;
}

}  // namespace

Refusal check_integer_epilogue(const Problem& problem, IntegerIsa isa) {
  if (problem.nodes.size() < 2 || problem.nodes.size() > 3) return Refusal::fused_operators;
  const Problem::Node& node = store_node(problem);
  const auto* dequantize = std::get_if<op::Dequantize>(&node.attrs);
  if (dequantize == nullptr && !std::holds_alternative<op::Requantize>(node.attrs)) return Refusal::fused_operators;
  if (node.inputs[0] != problem.nodes[0].output) return Refusal::fused_operators;
  if (operand(problem, node.inputs[1]).role != Role::constant) return Refusal::dynamic_weights;
  if (dequantize == nullptr) return check_requantize(problem);
  if (problem.nodes.size() > 2 && !bounds_of(problem, problem.nodes[2])) return Refusal::fused_operators;
  if (dequantize->axis != 1 && operand(problem, node.inputs[1]).type.elements() != 1) return Refusal::attributes;
  return problem.output().layout == float_layout(isa) ? Refusal::none : Refusal::other_layout;
}

IntegerEpilogueParams integer_epilogue_params(const Problem& problem) {
  IntegerEpilogueParams e;
  const Problem::Node& node = store_node(problem);
  e.tail = static_cast<int32_t>((problem.output().type.shape[1] - 1) % 16 + 1);
  const auto* requantize = std::get_if<op::Requantize>(&node.attrs);
  if (requantize == nullptr) {
    e.floats = 1;
    if (problem.nodes.size() > 2) {
      const op::Unary& bounds = *bounds_of(problem, problem.nodes[2]);
      const bool relu = bounds.kind == op::UnaryKind::relu;
      e.least = relu ? 0 : bounds.a;
      if (!relu) e.greatest = bounds.b;
    }
    return e;
  }
  e.lookup = problem.nodes.size() > 2;
  const int offset = requantize->to == DType::i8 ? 128 : 0;
  e.flip = offset;
  e.zero = static_cast<int32_t>(requantize->zero) + offset;
  e.low = static_cast<int32_t>(requantize->low) + offset;
  e.high = static_cast<int32_t>(requantize->high) + offset;
  e.sloped = requantize->slope != 1;
  e.slope = requantize->slope;
  e.most = static_cast<float>(requantize->high - requantize->zero);
  e.plain = node.inputs.size() == 2 && e.sloped == 0 && e.zero == 0 && e.low == 0 && e.high == 255;
  if (node.inputs.size() > 2) {
    e.other = input_position(problem, node.inputs[2]);
    const int other_offset = operand(problem, node.inputs[2]).type.dtype == DType::i8 ? 128 : 0;
    e.other_flip = other_offset;
    e.other_zero = static_cast<int32_t>(requantize->other_zero) + other_offset;
    e.other_scale = requantize->other_scale;
  }
  return e;
}

void pack_integer_biases(const Problem& problem, std::span<const Tensor> constants, int64_t channels, int64_t padded,
                         int32_t* biases) {
  const Tensor bias = constant_of(problem, constants, 2);
  const auto* data = static_cast<const int32_t*>(bias.data());
  const op::Attrs& attrs = store_node(problem).attrs;
  const auto* requantize = std::get_if<op::Requantize>(&attrs);
  const int64_t zero = requantize != nullptr ? requantize->src_zero : std::get<op::Dequantize>(attrs).zero;
  for (int64_t c = 0; c < padded; ++c) {
    const uint32_t start = data != nullptr && c < channels ? static_cast<uint32_t>(data[c]) : 0;
    biases[c] = static_cast<int32_t>(start - static_cast<uint32_t>(zero));
  }
}

void pack_integer_epilogue(const Problem& problem, std::span<const Tensor> constants, int64_t channels, int64_t padded,
                           float* scales, std::byte* table) {
  const auto constant = [&](int number) { return constants[static_cast<size_t>(constant_position(problem, number))]; };
  const Tensor scale = constant(store_node(problem).inputs[1]);
  const auto* data = static_cast<const float*>(scale.data());
  const bool one = scale.type().elements() == 1;
  for (int64_t c = 0; c < padded; ++c) scales[c] = c < channels ? data[one ? 0 : c] : 0.0f;
  if (problem.nodes.size() < 3 || !std::holds_alternative<op::Lookup>(problem.nodes[2].attrs)) return;
  const Tensor values = constant(problem.nodes[2].inputs[1]);
  std::copy_n(static_cast<const std::byte*>(values.data()), kTableBytes, table);
}

}  // namespace stretto::kernels
