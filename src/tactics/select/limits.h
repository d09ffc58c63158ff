// Limits: how far from the reference a tactic's results may lie (TrialData::error_of) to be offered, or to pass a
// check.
#pragma once

#include "tactics/tactic.h"

namespace stretto {

/// Zero for bit-exact tactics; otherwise a few roundings of the type that the step keeps its values or weights in, and
/// in f16 as often again as the problem has convolutions.
double allowed_error(const Problem& problem, const Tactic& tactic);

}  // namespace stretto
