// Executor: one program of a plan, ready to run on the plan's device.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "device/placement.h"
#include "device/task_pool.h"
#include "plan/plan.h"
#include "runtime/resolve.h"
#include "tactics/reorder.h"

namespace stretto {

inline constexpr int kMaxThreads = 1024;

/// What a GPU's clock says of a run's parts: mean seconds.
struct GpuTimes {
  double network = 0;                     // every step, as one graph, launched again and again
  double inputs_in = 0, outputs_out = 0;  // copies of all inputs to the GPU, and of all outputs back
};

class Executor {
 public:
  /// 1 ≤ `threads` ≤ kMaxThreads, of a CPU. Fails when there is no memory for the arena. Touches all of it.
  static Result<std::unique_ptr<Executor>> create(std::shared_ptr<const ResolvedPlan> plan, int program, int threads);
  virtual ~Executor() = default;

  const plan::Program& program() const { return plan_->plan->programs[static_cast<size_t>(program_)]; }
  virtual int threads() const = 0;
  const Placement& placement() const { return placement_; }
  /// Bytes of arena and scratch this executor holds.
  virtual size_t arena_bytes() const = 0;

  /// `inputs` and `outputs` in the order of the program's bindings, each as large as the binding's type says, aligned
  /// to their element; inputs and outputs must not overlap. Allocates nothing, locks nothing. One caller at a time.
  virtual void run(std::span<const void* const> inputs, std::span<void* const> outputs,
                   StepObserver* observer = nullptr) = 0;
  /// Why the latest run failed: a GPU may, a CPU cannot.
  virtual const Status& failure() const { return failure_; }

  /// Places the workers; see device/placement.h. Before the first run. Nothing happens on a GPU.
  virtual Status place(const Placement&) { return {}; }
  /// From now on runs at a steady rate are prepared for: see device/pacer.h. Before the first run. Likewise.
  virtual void pace() {}

  /// The memory of a tensor of the program (of a GPU's, a copy that the next call overwrites); contents are meaningful
  /// only from the step that wrote it until it is overwritten: read it from an observer. That of inputs and outputs is
  /// the caller's of the latest run.
  virtual const void* tensor_data(uint32_t tensor) const = 0;

  /// Times of `runs` runs on what the latest run left. Failed on a CPU.
  virtual Result<GpuTimes> time_gpu(int runs);

 protected:
  Executor(std::shared_ptr<const ResolvedPlan> plan, int program) : plan_(std::move(plan)), program_(program) {}

  std::shared_ptr<const ResolvedPlan> plan_;
  int program_;
  Placement placement_;
  Status failure_;
};

/// Bytes that an executor of `program` holds in its arena with `threads` workers.
size_t executor_bytes(const plan::Program& program, int threads);

}  // namespace stretto
