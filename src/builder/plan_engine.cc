// An Engine straight from a built Plan: the one constructor of the runtime's API that needs the build side.
#include <stretto/engine.h>

#include "builder/plan_impl.h"
#include "runtime/engine_impl.h"

namespace stretto {

Engine::Engine(const Plan& plan, const std::string& device) : Engine(make_engine(plan.impl()->plan, device)) {}

}  // namespace stretto
