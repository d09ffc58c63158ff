#include "kernels/cpu/x86/group_parts.h"

#include "kernels/cpu/x86/blocked.h"

namespace stretto::kernels {

Problem part_of(const Problem& whole, size_t begin, size_t end, int width) {
  Problem part;
  std::vector<int> numbers(whole.operands.size(), -1);
  const int result = whole.nodes[end - 1].output;
  auto number = [&](int old) {
    int& now = numbers[static_cast<size_t>(old)];
    if (now < 0) {
      Operand operand = whole.operands[static_cast<size_t>(old)];
      if (operand.role == Role::internal && begin > 0 && old == whole.nodes[begin - 1].output) {
        operand.role = Role::input;
        operand.layout = blocked_layout(width);
      } else if (old == result && operand.role == Role::internal) {
        operand.role = Role::output;
        operand.layout = blocked_layout(width);
      }
      now = static_cast<int>(part.operands.size());
      part.operands.push_back(operand);
    }
    return now;
  };
  for (size_t i = begin; i < end; ++i) {
    Problem::Node node = whole.nodes[i];
    for (int& input : node.inputs) input = number(input);
    node.output = number(node.output);
    part.nodes.push_back(std::move(node));
  }
  return part;
}

}  // namespace stretto::kernels
