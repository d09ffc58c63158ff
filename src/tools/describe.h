// How plans and their steps are described to people: names of operators, precisions, shapes.
#pragma once

#include <stretto/types.h>

#include <string>

#include "plan/plan.h"

namespace stretto::tools {

/// "conv+relu": the operators a step computes, in order.
std::string operators_of(const Problem& problem);
TensorInfo tensor_info(const std::string& name, const TensorType& type);
/// As Engine::memory, without the need to serve the plan here. `threads` ≥ 1.
MemoryUse memory_of(const plan::Plan& plan, const plan::Program& program, int threads);

}  // namespace stretto::tools
