// TaskPool: runs a list of steps with a fixed number of workers, the caller among them.
//
// A step is a list of phases of tasks; a phase begins when every task of the one before is done. Workers take tasks one
// by one from a counter; a worker that the system has put to sleep holds up nobody unless it holds a task. Between runs
// workers spin for a bounded time, then sleep on a futex: an idle pool burns nothing. run() allocates nothing and takes
// no lock. One pool serves one context; pools never wait for each other.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "device/placement.h"
#include "device/task.h"

namespace stretto {

/// One step, ready to run: a function and its arguments, all pointers resolved. Unchanged while it runs.
struct StepCall {
  TaskFunction task = nullptr;
  StepArgs args;
  PhaseTasks tasks{};
};

/// Lets the tasks of `call`'s last phase share out what they fetch for later steps.
void set_fetch(StepCall& call, std::span<const std::byte> ahead);

/// Told of each step when a run is observed; must not throw.
struct StepObserver {
  virtual ~StepObserver() = default;
  /// All tasks of step `i` are done; it took `nanoseconds`. Runs on the caller's thread, steps in order.
  virtual void step_done(int i, int64_t nanoseconds) = 0;
};

class TaskPool {
 public:
  /// `threads` ≥ 1, the caller included: threads − 1 workers are started. `max_phases`: the most phases in all steps
  /// of a list this pool will run. Where the system has no more threads, the pool goes on with fewer: see threads().
  TaskPool(int threads, int max_phases);
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  int threads() const { return threads_; }
  /// Places the workers; the caller of run() is thread 0 and places itself. Not while a run goes on.
  Status place(const Placement& placement);
  /// Runs all steps in order and returns when the last task is done. One caller at a time.
  /// With an observer each step is waited for and timed.
  void run(std::span<const StepCall> steps, StepObserver* observer = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  int threads_;
};

}  // namespace stretto
