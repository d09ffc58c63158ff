// What a public Plan holds.
#pragma once

#include <stretto/build.h>

#include <memory>

#include "plan/plan.h"

namespace stretto {

struct Plan::Impl {
  std::shared_ptr<const plan::Plan> plan;
  BuildReport report;
};

}  // namespace stretto
