#include "tactics/match.h"

namespace stretto {
namespace {

int position_with_role(const Problem& problem, int operand, Role role) {
  int position = 0;
  for (int i = 0; i < operand; ++i) position += problem.operands[static_cast<size_t>(i)].role == role;
  return problem.operands[static_cast<size_t>(operand)].role == role ? position : -1;
}

/// The input of a binary node that is not `value`, if it is an input of the problem with the output's shape.
int other_input(const Problem& problem, const Problem::Node& node, int value) {
  if (node.inputs[0] == node.inputs[1]) return -1;
  int other = node.inputs[0] == value ? node.inputs[1] : node.inputs[1] == value ? node.inputs[0] : -1;
  if (other < 0) return -1;
  const Operand& operand = problem.operands[static_cast<size_t>(other)];
  bool fits = operand.role == Role::input && operand.type == problem.output().type;
  return fits ? other : -1;
}

}  // namespace

std::optional<Epilogue> match_epilogue(const Problem& problem) {
  Epilogue epilogue;
  int value = problem.nodes[0].output;
  for (size_t i = 1; i < problem.nodes.size(); ++i) {
    const Problem::Node& node = problem.nodes[i];
    if (const auto* unary = std::get_if<op::Unary>(&node.attrs)) {
      if (node.inputs[0] != value || epilogue.has_act2) return std::nullopt;
      bool second = epilogue.has_binary || epilogue.has_act1;
      (second ? epilogue.has_act2 : epilogue.has_act1) = true;
      (second ? epilogue.act2 : epilogue.act1) = *unary;
    } else if (const auto* binary = std::get_if<op::Binary>(&node.attrs)) {
      bool known = binary->kind == op::BinaryKind::add || binary->kind == op::BinaryKind::mul;
      int other = other_input(problem, node, value);
      if (!known || other < 0 || epilogue.has_binary || epilogue.has_act2) return std::nullopt;
      epilogue.has_binary = true;
      epilogue.binary = binary->kind;
      epilogue.other = other;
    } else {
      return std::nullopt;
    }
    value = node.output;
  }
  return epilogue;
}

int input_position(const Problem& problem, int operand) {
  return position_with_role(problem, operand, Role::input);
}

int constant_position(const Problem& problem, int operand) {
  return position_with_role(problem, operand, Role::constant);
}

}  // namespace stretto
