// From a cover to a program: steps in order, reformats between them, views resolved, buffers placed, weights packed.
#pragma once

#include "builder/cover.h"
#include "plan/plan.h"

namespace stretto {

/// Appends packed weights to `pool`. `selector` answers for reformats and copies.
Result<plan::Program> compile_program(const ir::Graph& graph, const Cover& cover, Selector& selector,
                                      plan::WeightsPool& pool);

}  // namespace stretto
