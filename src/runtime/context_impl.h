// What a public Context holds.
#pragma once

#include <stretto/context.h>

#include <memory>
#include <vector>

#include "runtime/async_queue.h"
#include "runtime/executor.h"

namespace stretto {

struct Context::Impl {
  explicit Impl(std::unique_ptr<Executor> e)
      : executor(std::move(e)),
        inputs(executor->program().inputs.size()),
        outputs(executor->program().outputs.size()) {}

  /// Finds the caller's memory for every binding and fills `inputs` and `outputs`. Throws Error(bad_usage); allocates
  /// only to say so.
  void bind(std::span<const InputView> input_views, std::span<const OutputView> output_views);
  /// Runs that wait in the queue come first.
  void wait_for_queue() {
    if (queue) queue->wait_until_idle();
  }

  std::unique_ptr<Executor> executor;
  std::vector<const void*> inputs;  // in the order of the program's bindings
  std::vector<void*> outputs;
  std::unique_ptr<AsyncQueue> queue;  // started by the first run_async
};

}  // namespace stretto
