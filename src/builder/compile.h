// From a cover to a program: steps in order, reformats between them, views resolved, buffers placed, weights packed.
#pragma once

#include <memory>

#include "builder/cover.h"
#include "plan/plan.h"
#include "runtime/resolve.h"

namespace stretto {

/// Appends packed weights to `pool`. `selector` answers for reformats and copies.
Result<plan::Program> compile_program(const ir::Graph& graph, const Cover& cover, Selector& selector,
                                      plan::WeightsPool& pool);

/// A plan of that one program, ready to be run.
Result<std::shared_ptr<const ResolvedPlan>> compile_alone(const ir::Graph& graph, const Cover& cover,
                                                          Selector& selector);

}  // namespace stretto
