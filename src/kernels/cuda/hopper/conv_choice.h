// Which configurations of hopper/conv.h are worth timing, and the kernel's imitation on the host: for every row that it
// serves.
#pragma once

#include <vector>

#include "kernels/cuda/hopper/conv.h"
#include "tactics/tactic.h"

namespace stretto::kernels::cuda::hopper {

/// Expected seconds, by what was measured on an H100.
double seconds_of(const ConvParams &p);
/// Configs of a problem, whose params depend on them: best guess first.
std::vector<Config> configs_by(ConvParams (*params)(const Problem &, const Config &), const Problem &problem);

Booking booking_of(const ConvParams &p);

/// What the kernel computes, by its indices: tile after tile, a cluster's parts in order of rank.
void emulate_conv(const StepArgs &args, TaskId id);

}  // namespace stretto::kernels::cuda::hopper
