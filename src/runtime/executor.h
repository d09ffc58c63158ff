// Executor: one program of a plan, ready to run: arena, resolved pointers, and its own pool of workers.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "device/memory.h"
#include "device/pacer.h"
#include "device/task_pool.h"
#include "plan/plan.h"
#include "runtime/resolve.h"
#include "tactics/reorder.h"

namespace stretto {

inline constexpr int kMaxThreads = 1024;

class Executor {
 public:
  /// 1 ≤ `threads` ≤ kMaxThreads. Fails when there is no memory for the arena. Touches all of it.
  static Result<std::unique_ptr<Executor>> create(std::shared_ptr<const ResolvedPlan> plan, int program, int threads);

  const plan::Program& program() const { return plan_->plan->programs[static_cast<size_t>(program_)]; }
  int threads() const { return pool_.threads(); }
  /// Bytes of arena and scratch this executor holds.
  size_t arena_bytes() const { return arena_.size(); }

  /// `inputs` and `outputs` in the order of the program's bindings, each as large as the binding's type says, aligned
  /// to their element; inputs and outputs must not overlap. Allocates nothing, locks nothing. One caller at a time.
  void run(std::span<const void* const> inputs, std::span<void* const> outputs, StepObserver* observer = nullptr);

  /// From now on runs at a steady rate are prepared for: see device/pacer.h. Before the first run.
  void pace();

  /// The memory of a tensor of the program; contents are meaningful only from the step that wrote it until it is
  /// overwritten: read it from an observer. That of inputs and outputs is the caller's of the latest run.
  const void* tensor_data(uint32_t tensor) const;

 private:
  Executor(std::shared_ptr<const ResolvedPlan> plan, int program, int threads, Memory arena);

  /// A pointer of a step that is the caller's memory, `offset` bytes on, in each run.
  struct Patch {
    size_t slot;  // of pointers_, or (a destination) of calls_
    uint32_t binding;
    uint64_t offset;
  };

  /// Tells every step what to fetch for later ones.
  void set_ahead();
  void add_source(const plan::ProgramTensor& tensor);
  void add_destination(const plan::ProgramTensor& tensor, StepArgs& args);

  std::shared_ptr<const ResolvedPlan> plan_;
  int program_;
  Memory arena_;
  std::vector<const void*> pointers_;  // the src arrays of all steps
  std::vector<StepCall> calls_;
  std::vector<Patch> sources_from_inputs_, sources_from_outputs_, destinations_;
  std::vector<const void*> inputs_;  // of the latest run
  std::vector<void*> outputs_;
  TaskPool pool_;
  std::unique_ptr<Pacer> pacer_;  // null: nobody prepares
};

/// Bytes that an executor of `program` holds in its arena with `threads` workers.
size_t executor_bytes(const plan::Program& program, int threads);

}  // namespace stretto
