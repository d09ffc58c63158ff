// Resolving a plan: every step's tactic found, asked and booked again, so that a plan is safe to run on this machine.
#pragma once

#include <memory>
#include <vector>

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
};

/// Looks up each step's tactic by name and version, asks `supports` and `configs` about the stored problem and config,
/// books it, and compares with what the plan reserves. Fails (Code::failed) when this CPU lacks an ISA, a tactic is
/// unknown or has another version; (Code::bad_input) when sizes do not agree.
Result<std::shared_ptr<const ResolvedPlan>> resolve(std::shared_ptr<const plan::Plan> plan);

}  // namespace stretto
