// From a cover to a program: steps in order, reformats between them, views resolved, buffers placed, weights packed.
#pragma once

#include <memory>

#include "builder/cover.h"
#include "device/gpu.h"
#include "plan/plan.h"
#include "runtime/resolve.h"

namespace stretto {

/// Appends packed weights to `pool`. `selector` answers for reformats and copies.
Result<plan::Program> compile_program(const ir::Graph& graph, const Cover& cover, Selector& selector,
                                      plan::WeightsPool& pool);

/// Records what the plan's steps need of a device: a GPU, or (where `gpu` is null) the CPU.
void set_device(plan::Plan& plan, const Gpu* gpu);
/// Bound to the device that it was compiled for: this GPU, or the CPU.
Result<std::shared_ptr<const ResolvedPlan>> resolve_on(const Gpu* gpu, std::shared_ptr<const plan::Plan> plan);

/// A plan of that one program, ready to be run there.
Result<std::shared_ptr<const ResolvedPlan>> compile_alone(const ir::Graph& graph, const Cover& cover,
                                                          Selector& selector, const Gpu* gpu = nullptr);

}  // namespace stretto
