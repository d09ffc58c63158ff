#include "runtime/gpu_executor.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "tactics/plugin_rows.h"

namespace stretto {
namespace {

using plan::Place;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Result<std::unique_ptr<GpuExecutor>> GpuExecutor::create(std::shared_ptr<const ResolvedPlan> plan, int program) {
  STRETTO_ASSIGN(auto gpu, Gpu::open(plan->gpu->info().number));
  std::unique_ptr<GpuExecutor> executor(new GpuExecutor(std::move(plan), program, std::move(gpu)));
  STRETTO_TRY(executor->allocate());
  STRETTO_TRY(executor->record());
  return executor;
}

Status GpuExecutor::allocate() {
  STRETTO_ASSIGN(arena_, GpuMemory::on_gpu(gpu_, program().arena_bytes));
  const auto bind = [&](const std::vector<plan::Binding>& bindings, std::vector<Bound>& bound) -> Status {
    for (const plan::Binding& b : bindings) {
      STRETTO_ASSIGN(GpuMemory device, GpuMemory::on_gpu(gpu_, b.type.bytes()));
      STRETTO_ASSIGN(GpuMemory pinned, GpuMemory::on_host(gpu_, b.type.bytes()));
      STRETTO_TRY(gpu_->fill(device.data(), 0, device.size()));
      bound.push_back({std::move(device), std::move(pinned)});
    }
    return {};
  };
  STRETTO_TRY(bind(program().inputs, inputs_));
  STRETTO_TRY(bind(program().outputs, outputs_));
  STRETTO_TRY(gpu_->fill(arena_.data(), 0, arena_.size()));
  return gpu_->finish();
}

std::byte* GpuExecutor::address_of(const plan::TensorRef& where) const {
  switch (where.place) {
    case Place::arena:
      return arena_.data() + where.offset;
    case Place::weights:
      return plan_->gpu_weights.data() + where.offset;
    case Place::input:
      return inputs_[where.binding].device.data() + where.offset;
    case Place::output:
      return outputs_[where.binding].device.data() + where.offset;
  }
  return nullptr;
}

Status GpuExecutor::record() {
  const plan::Program& p = program();
  const std::vector<ResolvedStep>& resolved = plan_->programs[static_cast<size_t>(program_)];
  size_t sources = 0;
  for (const plan::Step& step : p.steps) {
    sources += step.inputs.size();
    problems_.push_back(to_string(step.problem));
  }
  pointers_.reserve(sources);  // the steps' src point into it
  for (size_t i = 0; i < p.steps.size(); ++i) {
    const plan::Step& step = p.steps[i];
    StrettoStep s{};
    s.row = plugin_row(*resolved[i].tactic);
    s.problem = problems_[i].c_str();
    std::copy(step.config.v.begin(), step.config.v.end(), s.config.v);
    s.src = pointers_.data() + pointers_.size();
    for (uint32_t input : step.inputs) pointers_.push_back(address_of(p.tensors[input].where));
    s.dst = address_of(p.tensors[step.output].where);
    s.weights = plan_->gpu_weights.data() + step.weights_offset;
    s.scratch = arena_.data() + step.scratch_offset;
    steps_.push_back(s);
  }
  STRETTO_ASSIGN(network_, GpuGraph::record(gpu_, steps_));
  return {};
}

Status GpuExecutor::copy_in(std::span<const void* const> inputs) {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const Bound& b = inputs_[i];
    std::memcpy(b.pinned.data(), inputs[i], b.pinned.size());
    STRETTO_TRY(gpu_->copy(b.device.data(), b.pinned.data(), b.pinned.size()));
  }
  return {};
}

Status GpuExecutor::copy_out() {
  for (const Bound& b : outputs_) STRETTO_TRY(gpu_->copy(b.pinned.data(), b.device.data(), b.pinned.size()));
  return gpu_->finish();
}

Status GpuExecutor::run_observed(StepObserver& observer) {
  for (size_t i = alone_.size(); i < steps_.size(); ++i) {
    STRETTO_ASSIGN(GpuGraph graph, GpuGraph::record(gpu_, {&steps_[i], 1}));
    alone_.push_back(std::move(graph));
  }
  // Launched several times: what one costs is then not hidden by what it costs to begin. Steps only read what others
  // wrote, so that the last time gives what the first gave.
  constexpr int kTimes = 4;
  for (size_t i = 0; i < steps_.size(); ++i) {
    STRETTO_ASSIGN(const double seconds, gpu_->time(alone_[i].get(), kTimes));
    observer.step_done(static_cast<int>(i), static_cast<int64_t>(seconds * 1e9));
  }
  return {};
}

void GpuExecutor::run(std::span<const void* const> inputs, std::span<void* const> outputs, StepObserver* observer) {
  STRETTO_CHECK(inputs.size() == inputs_.size() && outputs.size() == outputs_.size());
  failure_ = copy_in(inputs);
  if (failure_.ok()) failure_ = observer == nullptr ? gpu_->launch(network_.get()) : run_observed(*observer);
  if (failure_.ok()) failure_ = copy_out();
  if (!failure_.ok()) return;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    std::memcpy(outputs[i], outputs_[i].pinned.data(), outputs_[i].pinned.size());
  }
}

const void* GpuExecutor::tensor_data(uint32_t tensor) const {
  const plan::ProgramTensor& t = program().tensors[tensor];
  read_.assign(stored_bytes(t.type, t.layout), std::byte{0});
  Status copied = gpu_->copy(read_.data(), address_of(t.where), read_.size());
  if (copied.ok()) copied = gpu_->finish();
  return read_.data();  // zeros where that failed: the run's own failure says why
}

Result<GpuTimes> GpuExecutor::time_gpu(int runs) {
  GpuTimes times;
  STRETTO_ASSIGN(times.network, gpu_->time(network_.get(), runs));
  const auto time_copies = [&](auto copy, double& seconds) -> Status {
    STRETTO_TRY(gpu_->finish());
    const auto start = Clock::now();
    for (int i = 0; i < runs; ++i) STRETTO_TRY(copy());
    STRETTO_TRY(gpu_->finish());
    seconds = seconds_since(start) / runs;
    return {};
  };
  const auto in = [&]() -> Status {
    for (const Bound& b : inputs_) STRETTO_TRY(gpu_->copy(b.device.data(), b.pinned.data(), b.pinned.size()));
    return {};
  };
  STRETTO_TRY(time_copies(in, times.inputs_in));
  STRETTO_TRY(time_copies([&] { return copy_out(); }, times.outputs_out));
  return times;
}

}  // namespace stretto
