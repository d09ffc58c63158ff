#include "tools/describe.h"

#include <algorithm>

#include "runtime/executor.h"

namespace stretto::tools {

std::string operators_of(const Problem& problem) {
  std::string text;
  for (const Problem::Node& node : problem.nodes) {
    if (!text.empty()) text += '+';
    text += op::display_name(node.attrs);
  }
  return text;
}

TensorInfo tensor_info(const std::string& name, const TensorType& type) {
  TensorInfo info;
  info.name = name;
  info.type = static_cast<ElementType>(type.dtype);
  info.shape.assign(type.shape.begin(), type.shape.end());
  info.elements = static_cast<size_t>(type.elements());
  info.bytes = type.bytes();
  return info;
}

MemoryUse memory_of(const plan::Plan& plan, const plan::Program& program, int threads) {
  MemoryUse use;
  use.weights = plan.weights.size();
  for (const plan::ProgramTensor& t : program.tensors) {
    if (t.where.place != plan::Place::arena) continue;
    use.activations = std::max<size_t>(use.activations, t.where.offset + stored_bytes(t.type, t.layout));
  }
  use.workspace = executor_bytes(program, threads) - use.activations;
  return use;
}

}  // namespace stretto::tools
