// Chains of nodes of a graph, computed outside any plan: what refinement of a recipe walks a network by.
#pragma once

#include "quantize/evaluator.h"

namespace stretto {

/// Which kernels compute in floating point.
enum class FloatKernels : uint8_t {
  portable,  // the same bits on every machine
  fastest,   // where last bits do not matter
};

/// By the CPU's kernels: the fastest of those that agree with ref to the bit, else the portable ones, so that results
/// depend neither on the machine nor on the number of threads (unless `floats` says otherwise). What it makes ready
/// shares one pool and its scratch: one chain is computed at a time.
quantize::Prepare cpu_evaluator(int threads, FloatKernels floats = FloatKernels::portable);

}  // namespace stretto
