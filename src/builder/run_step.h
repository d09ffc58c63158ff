// One step outside any plan: a solved problem, run on dense tensors.
#pragma once

#include <span>

#include "base/status.h"
#include "device/memory.h"
#include "device/task_pool.h"
#include "tactics/tactic.h"

namespace stretto {

/// What steps that are run one at a time share.
struct StepBench {
  explicit StepBench(int threads) : pool(threads, kMaxPhases) {}

  TaskPool pool;
  Memory scratch, worker_scratch;
};

/// `inputs` dense, in the problem's order of inputs, of its types; `weights` as the tactic packed them. The result is
/// dense.
Result<Tensor> run_step(StepBench& bench, const Problem& problem, const Tactic& tactic, const Booking& booking,
                        const void* weights, std::span<const Tensor> inputs);

}  // namespace stretto
