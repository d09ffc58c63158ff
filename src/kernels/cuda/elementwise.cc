#include "kernels/cuda/elementwise.h"

#include "kernels/cuda/common.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

using Params = ElementwiseParams;

Refusal supports(const Problem &problem) {
  if (problem.nodes.size() > Params::kMaxSteps) return Refusal::fused_operators;
  int outside = 0;
  for (const Operand &o : problem.operands) outside += o.role == Role::input || o.role == Role::constant;
  for (size_t i = 0; i < problem.nodes.size(); ++i) {
    const Problem::Node &node = problem.nodes[i];
    const bool known = std::holds_alternative<op::Unary>(node.attrs) || std::holds_alternative<op::Binary>(node.attrs);
    if (!known) return i == 0 ? Refusal::other_operator : Refusal::fused_operators;
    if (!(operand_of(problem, node.output).type == problem.output().type)) return Refusal::other_shape;
  }
  if (outside > Params::kMaxOperands) return Refusal::fused_operators;
  return refuse_types(problem);
}

/// Where an operand that is broadcast to the result's shape lies, in the order
/// of the result's storage.
Walk broadcast_walk(const Operand &operand, const Operand &result) {
  const Dims strides = strides_of(operand), axes = axes_in_storage(result);
  const int missing = result.type.shape.size() - operand.type.shape.size();
  Dims steps;
  for (int64_t axis : axes) {
    const int own = static_cast<int>(axis) - missing;
    steps.push_back(own >= 0 && operand.type.shape[own] > 1 ? strides[own] : 0);
  }
  return walk_of(sizes_in_storage(result), steps);
}

Params params_of(const Problem &problem) {
  const Operand &result = problem.output();
  Params p{};
  p.total = stored_count(result);
  p.out_half = is_half(result.layout);
  p.lanes = lanes_of(result);
  std::vector<int8_t> numbers(problem.operands.size());
  for (size_t i = 0; i < problem.operands.size(); ++i) {
    const Operand &o = problem.operands[i];
    if (o.role != Role::input && o.role != Role::constant) continue;
    const bool dense = o.type == result.type && is_channels_last(o.layout) == is_channels_last(result.layout);
    numbers[i] = static_cast<int8_t>(p.operands);
    p.operand[p.operands++] = {place_of(problem, static_cast<int>(i)), is_half(o.layout), dense,
                               dense ? Walk{} : broadcast_walk(o, result)};
  }
  for (const Problem::Node &node : problem.nodes) {
    Params::Step &step = p.step[p.steps];
    step.x = numbers[static_cast<size_t>(node.inputs[0])];
    if (const auto *unary = std::get_if<op::Unary>(&node.attrs)) {
      step.unary = {unary->kind, unary->a, unary->b};
    } else {
      step.binary = true;
      step.kind = std::get<op::Binary>(node.attrs).kind;
      step.y = numbers[static_cast<size_t>(node.inputs[1])];
    }
    ++p.steps;
    numbers[static_cast<size_t>(node.output)] = static_cast<int8_t>(-p.steps);
  }
  return p;
}

Booking book(const Problem &problem, const Config &) {
  return booking_of<ElementwiseElement>(params_of(problem), copied_bytes(problem));
}

}  // namespace

Row elementwise_row() {
  Tactic tactic{"cuda.generic.elementwise", 1,    Isa::scalar, Numerics::rounding,         supports, one_config,
                estimate_elements,          book, pack_copied, emulate<ElementwiseElement>};
  tactic.on_gpu = true;
  return {tactic, Kernel::elementwise};
}

}  // namespace stretto::kernels::cuda
