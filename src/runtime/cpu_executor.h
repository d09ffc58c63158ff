// CpuExecutor: a program on the CPU: arena, resolved pointers, and its own pool of workers.
#pragma once

#include "device/memory.h"
#include "device/pacer.h"
#include "runtime/executor.h"

namespace stretto {

class CpuExecutor final : public Executor {
 public:
  static Result<std::unique_ptr<Executor>> create(std::shared_ptr<const ResolvedPlan> plan, int program, int threads);

  int threads() const override { return pool_.threads(); }
  size_t arena_bytes() const override { return arena_.size(); }
  void run(std::span<const void* const> inputs, std::span<void* const> outputs, StepObserver* observer) override;
  Status place(const Placement& placement) override;
  void pace() override;
  const void* tensor_data(uint32_t tensor) const override;

 private:
  CpuExecutor(std::shared_ptr<const ResolvedPlan> plan, int program, int threads, Memory arena);

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

  Memory arena_;
  std::vector<const void*> pointers_;  // the src arrays of all steps
  std::vector<StepCall> calls_;
  std::vector<Patch> sources_from_inputs_, sources_from_outputs_, destinations_;
  std::vector<const void*> inputs_;  // of the latest run
  std::vector<void*> outputs_;
  TaskPool pool_;
  std::unique_ptr<Pacer> pacer_;  // null: nobody prepares
};

}  // namespace stretto
