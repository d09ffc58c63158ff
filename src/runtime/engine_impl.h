// What a public Engine holds, and how the build side makes one.
#pragma once

#include <stretto/engine.h>

#include <memory>

#include "runtime/resolve.h"

namespace stretto {

struct Engine::Impl {
  std::shared_ptr<const ResolvedPlan> resolved;

  const plan::Plan& plan() const { return *resolved->plan; }
  /// Throws Error(bad_usage) if there is none with that number.
  const plan::Program& program(int number) const;

  /// Throws Error when this machine cannot serve the plan.
  static std::shared_ptr<const Impl> make(std::shared_ptr<const plan::Plan> plan, const std::string& device);
  static Engine wrap(std::shared_ptr<const Impl> impl) { return Engine(std::move(impl)); }
};

/// Throws Error when this machine cannot serve the plan. `device` as for Engine::load.
Engine make_engine(std::shared_ptr<const plan::Plan> plan, const std::string& device = {});

}  // namespace stretto
