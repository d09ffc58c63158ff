// Chains of nodes of a graph, computed outside any plan: what refinement of a recipe walks a network by.
#pragma once

#include "quantize/evaluator.h"

namespace stretto {

/// By the CPU's kernels: the fastest of those that agree with ref to the bit, else the portable ones, so that results
/// depend neither on the machine nor on the number of threads. What it makes ready shares one pool and its scratch: one
/// chain is computed at a time.
quantize::Prepare cpu_evaluator(int threads);

}  // namespace stretto
