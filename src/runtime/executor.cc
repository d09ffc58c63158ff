#include "runtime/executor.h"

#include "device/memory.h"
#include "runtime/cpu_executor.h"
#include "runtime/gpu_executor.h"

namespace stretto {

size_t executor_bytes(const plan::Program& program, int threads) {
  return align_up(program.arena_bytes) + align_up(program.worker_scratch_bytes) * static_cast<size_t>(threads);
}

Result<std::unique_ptr<Executor>> Executor::create(std::shared_ptr<const ResolvedPlan> plan, int program, int threads) {
  if (program < 0 || static_cast<size_t>(program) >= plan->programs.size()) {
    return bad_usage("there is no program " + std::to_string(program) + "; the plan has " +
                     std::to_string(plan->programs.size()) + ", numbered from 0");
  }
  if (threads < 1 || threads > kMaxThreads) {
    return bad_usage("a context cannot have " + std::to_string(threads) + " threads; ask for 1 to " +
                     std::to_string(kMaxThreads));
  }
  if (plan->plan->device == plan::Device::cuda) {
    STRETTO_ASSIGN(std::unique_ptr<GpuExecutor> executor, GpuExecutor::create(std::move(plan), program));
    return std::unique_ptr<Executor>(std::move(executor));
  }
  return CpuExecutor::create(std::move(plan), program, threads);
}

Result<GpuTimes> Executor::time_gpu(int) {
  return failed("this plan is for the CPU: it has no times of a GPU");
}

}  // namespace stretto
