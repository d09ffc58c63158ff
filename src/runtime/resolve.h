// Resolving a plan: every step's tactic found, asked and booked again, so that a plan is safe to run on this machine.
#pragma once

#include <memory>
#include <vector>

#include "device/gpu.h"
#include "plan/plan.h"
#include "tactics/tactic.h"

namespace stretto {

struct ResolvedStep {
  const Tactic* tactic = nullptr;
  Booking booking;
};

struct ResolvedPlan {
  std::shared_ptr<const plan::Plan> plan;
  std::vector<std::vector<ResolvedStep>> programs;  // by program, by step
  std::shared_ptr<Gpu> gpu;                         // of a plan for one; else null
  GpuMemory gpu_weights;                            // the plan's pool in its memory
  double gpu_open_s = 0;                            // until it could be used
};

/// Looks up each step's tactic by name and version, asks `supports` and `configs` about the stored problem and config,
/// books it, and compares with what the plan reserves. Fails (Code::failed) when this CPU lacks an ISA, a tactic is
/// unknown or has another version, or the plan's GPU is not there or does not suffice; (Code::bad_input) when sizes do
/// not agree. `gpu`: which one a plan for a GPU is to run on; its weights are copied there.
Result<std::shared_ptr<const ResolvedPlan>> resolve(std::shared_ptr<const plan::Plan> plan, int gpu = 0);

}  // namespace stretto
