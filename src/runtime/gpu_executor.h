// GpuExecutor: a program on a GPU: arena and bindings in its memory, all steps as one graph, pinned copies of inputs
// and outputs between.
#pragma once

#include "device/gpu.h"
#include "runtime/executor.h"

namespace stretto {

class GpuExecutor final : public Executor {
 public:
  static Result<std::unique_ptr<GpuExecutor>> create(std::shared_ptr<const ResolvedPlan> plan, int program);

  const std::shared_ptr<Gpu>& gpu() const { return gpu_; }
  /// What is recorded; pointers are of this executor.
  const std::vector<StrettoStep>& steps() const { return steps_; }

  int threads() const override { return 1; }
  size_t arena_bytes() const override { return arena_.size(); }
  void run(std::span<const void* const> inputs, std::span<void* const> outputs, StepObserver* observer) override;
  const void* tensor_data(uint32_t tensor) const override;
  Result<GpuTimes> time_gpu(int runs) override;

 private:
  /// An input or output: where the GPU has it, and where the copies to and from it begin.
  struct Bound {
    GpuMemory device, pinned;
  };

  GpuExecutor(std::shared_ptr<const ResolvedPlan> plan, int program, std::shared_ptr<Gpu> gpu)
      : Executor(std::move(plan), program), gpu_(std::move(gpu)) {}

  Status allocate();
  Status record();
  std::byte* address_of(const plan::TensorRef& where) const;
  Status copy_in(std::span<const void* const> inputs);
  Status copy_out();
  Status run_observed(StepObserver& observer);

  std::shared_ptr<Gpu> gpu_;
  GpuMemory arena_;
  std::vector<Bound> inputs_, outputs_;
  std::vector<std::string> problems_;  // of the steps, as text
  std::vector<const void*> pointers_;  // the src arrays of all steps
  std::vector<StrettoStep> steps_;
  GpuGraph network_;
  std::vector<GpuGraph> alone_;          // each step, recorded when a run is first observed
  mutable std::vector<std::byte> read_;  // what tensor_data() gave last
};

}  // namespace stretto
