#include "runtime/cpu_executor.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "base/cpu_info.h"
#include "runtime/ahead.h"

namespace stretto {
namespace {

using plan::Place;
using plan::Program;
using plan::ProgramTensor;

constexpr size_t kPage = 4096;

size_t worker_stride(const Program& program) {
  return align_up(program.worker_scratch_bytes);
}

int count_phases(const std::vector<ResolvedStep>& steps) {
  int64_t phases = 0;
  for (const ResolvedStep& step : steps) {
    for (int32_t tasks : step.booking.tasks) {
      if (tasks == 0) break;
      ++phases;
    }
  }
  return static_cast<int>(phases);
}

/// Backs all pages now, so that no run pays for it.
void touch(std::byte* data, size_t bytes) {
  for (size_t i = 0; i < bytes; i += kPage) static_cast<volatile std::byte*>(data)[i] = std::byte{0};
}

/// Maps weights that are already in the page cache; where the system cannot, first runs fault them in.
void populate(std::span<const std::byte> weights) {
#ifdef MADV_POPULATE_READ
  const auto begin = reinterpret_cast<uintptr_t>(weights.data()) / kPage * kPage;
  const auto end = reinterpret_cast<uintptr_t>(weights.data()) + weights.size();
  if (!weights.empty()) madvise(reinterpret_cast<void*>(begin), align_up(end - begin, kPage), MADV_POPULATE_READ);
#else
  (void)weights;
#endif
}

std::string mebibytes(size_t bytes) {
  return std::to_string((bytes >> 20) + 1) + " MiB";
}

Result<Memory> allocate_arena(size_t bytes) {
  if (bytes == 0) return Memory();
  const size_t machine = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (bytes > machine) {
    return failed("a context of this plan needs " + mebibytes(bytes) + ", this machine has " + mebibytes(machine) +
                  "; build it for a smaller shape or batch");
  }
  Memory arena(bytes);
  if (!arena) {
    return failed("there is no memory for the " + mebibytes(bytes) +
                  " of a context; use fewer contexts, or a smaller shape or batch");
  }
  return arena;
}

}  // namespace

Result<std::unique_ptr<Executor>> CpuExecutor::create(std::shared_ptr<const ResolvedPlan> plan, int program,
                                                      int threads) {
  STRETTO_ASSIGN(Memory arena,
                 allocate_arena(executor_bytes(plan->plan->programs[static_cast<size_t>(program)], threads)));
  touch(arena.data(), arena.size());
  populate(plan->plan->weights);
  return std::unique_ptr<Executor>(new CpuExecutor(std::move(plan), program, threads, std::move(arena)));
}

CpuExecutor::CpuExecutor(std::shared_ptr<const ResolvedPlan> plan, int number, int threads, Memory arena)
    : Executor(std::move(plan), number),
      arena_(std::move(arena)),
      pool_(threads, count_phases(plan_->programs[static_cast<size_t>(number)])) {
  const Program& p = program();
  const std::vector<ResolvedStep>& resolved = plan_->programs[static_cast<size_t>(number)];
  inputs_.resize(p.inputs.size());
  outputs_.resize(p.outputs.size());
  size_t sources = 0;
  for (const plan::Step& step : p.steps) sources += step.inputs.size();
  pointers_.reserve(sources);  // the steps' src point into it
  calls_.reserve(p.steps.size());
  for (size_t i = 0; i < p.steps.size(); ++i) {
    const plan::Step& step = p.steps[i];
    StepCall call{resolved[i].tactic->task, {}, resolved[i].booking.tasks};
    call.args.params = resolved[i].booking.params.data();
    call.args.weights = plan_->plan->weights.data() + step.weights_offset;
    call.args.src = pointers_.data() + pointers_.size();
    for (uint32_t input : step.inputs) add_source(p.tensors[input]);
    add_destination(p.tensors[step.output], call.args);
    call.args.scratch = arena_.data() + step.scratch_offset;
    call.args.worker_scratch = arena_.data() + align_up(p.arena_bytes);
    call.args.worker_stride = worker_stride(p);
    call.args.workers = pool_.threads();
    calls_.push_back(call);
  }
  set_ahead();
}

void CpuExecutor::set_ahead() {
  const std::vector<ResolvedStep>& resolved = plan_->programs[static_cast<size_t>(program_)];
  std::vector<StepWeights> weights;
  for (size_t i = 0; i < calls_.size(); ++i) {
    const plan::Step& step = program().steps[i];
    weights.push_back(
        {step.weights_offset, step.weights_bytes, step.problem.flops(), resolved[i].tactic->fetches_ahead});
  }
  const std::vector<Fetch> fetches = schedule_fetches(weights, cache_bytes(3));
  for (size_t i = 0; i < calls_.size(); ++i) {
    set_fetch(calls_[i], {plan_->plan->weights.data() + fetches[i].offset, fetches[i].bytes});
  }
}

void CpuExecutor::add_source(const ProgramTensor& tensor) {
  const plan::TensorRef& where = tensor.where;
  const Patch patch{pointers_.size(), where.binding, where.offset};
  pointers_.push_back(nullptr);
  switch (where.place) {
    case Place::arena:
      pointers_.back() = arena_.data() + where.offset;
      break;
    case Place::weights:
      pointers_.back() = plan_->plan->weights.data() + where.offset;
      break;
    case Place::input:
      sources_from_inputs_.push_back(patch);
      break;
    case Place::output:
      sources_from_outputs_.push_back(patch);
      break;
  }
}

void CpuExecutor::add_destination(const ProgramTensor& tensor, StepArgs& args) {
  if (tensor.where.place == Place::arena) {
    args.dst = arena_.data() + tensor.where.offset;
  } else {
    destinations_.push_back({calls_.size(), tensor.where.binding, tensor.where.offset});
  }
}

void CpuExecutor::run(std::span<const void* const> inputs, std::span<void* const> outputs, StepObserver* observer) {
  STRETTO_CHECK(inputs.size() == inputs_.size() && outputs.size() == outputs_.size());
  std::copy(inputs.begin(), inputs.end(), inputs_.begin());
  std::copy(outputs.begin(), outputs.end(), outputs_.begin());
  for (const Patch& p : sources_from_inputs_) {
    pointers_[p.slot] = static_cast<const std::byte*>(inputs_[p.binding]) + p.offset;
  }
  for (const Patch& p : sources_from_outputs_) {
    pointers_[p.slot] = static_cast<const std::byte*>(outputs_[p.binding]) + p.offset;
  }
  for (const Patch& p : destinations_) {
    calls_[p.slot].args.dst = static_cast<std::byte*>(outputs_[p.binding]) + p.offset;
  }
  if (pacer_ == nullptr || observer != nullptr) return pool_.run(calls_, observer);
  pacer_->run_begins();
  pool_.run(calls_);
  pacer_->run_ends();
}

Status CpuExecutor::place(const Placement& placement) {
  placement_ = placement;
  return pool_.place(placement);
}

void CpuExecutor::pace() {
  pacer_ = std::make_unique<Pacer>(
      threads(), std::vector<std::span<const std::byte>>{plan_->plan->weights, {arena_.data(), arena_.size()}});
}

const void* CpuExecutor::tensor_data(uint32_t tensor) const {
  const plan::TensorRef& where = program().tensors[tensor].where;
  switch (where.place) {
    case Place::arena:
      return arena_.data() + where.offset;
    case Place::weights:
      return plan_->plan->weights.data() + where.offset;
    case Place::input:
      return static_cast<const std::byte*>(inputs_[where.binding]) + where.offset;
    case Place::output:
      return static_cast<const std::byte*>(outputs_[where.binding]) + where.offset;
  }
  return nullptr;
}

}  // namespace stretto
