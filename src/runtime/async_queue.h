// AsyncQueue: runs of one executor, one after the other, on a thread of its own.
#pragma once

#include <stretto/context.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/executor.h"

namespace stretto {

struct Pending::Impl {
  std::atomic<bool> done{false};
  Status failure;  // before `done`
};

class AsyncQueue {
 public:
  /// `executor` outlives the queue; while runs wait here nobody else runs it.
  explicit AsyncQueue(Executor& executor);
  /// Finishes what was submitted.
  ~AsyncQueue();

  /// The pointers as Executor::run takes them; copied.
  std::shared_ptr<Pending::Impl> submit(std::span<const void* const> inputs, std::span<void* const> outputs);
  /// Returns when everything submitted is done.
  void wait_until_idle();

 private:
  struct Job {
    std::vector<const void*> inputs;
    std::vector<void*> outputs;
    std::shared_ptr<Pending::Impl> pending;
  };
  void work();

  Executor& executor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;    // the first one may be running
  std::vector<Job> spare_;  // finished ones, for their memory
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace stretto
