#include <algorithm>

#include "base/cpu_info.h"
#include "runtime/context_impl.h"
#include "runtime/engine_impl.h"
#include "runtime/executor.h"
#include "runtime/throw.h"

namespace stretto {
namespace {

TensorInfo info_of(const plan::Binding& binding) {
  TensorInfo info;
  info.name = binding.name;
  info.type = static_cast<ElementType>(binding.type.dtype);
  info.shape.assign(binding.type.shape.begin(), binding.type.shape.end());
  info.elements = static_cast<size_t>(binding.type.elements());
  info.bytes = binding.type.bytes();
  return info;
}
static_assert(static_cast<int>(ElementType::boolean) == static_cast<int>(DType::boolean));

std::vector<TensorInfo> infos_of(const std::vector<plan::Binding>& bindings) {
  std::vector<TensorInfo> infos;
  for (const plan::Binding& b : bindings) infos.push_back(info_of(b));
  return infos;
}

/// The number of the GPU that the plan is to run on where `device` is wanted; 0 for a plan of the CPU.
Result<int> check_device(const plan::Plan& plan, const std::string& device) {
  const bool on_gpu = plan.device == plan::Device::cuda;
  if (device.empty()) return 0;
  STRETTO_ASSIGN(const int number, gpu_number(device));
  if (on_gpu != (number >= 0)) {
    return failed("the plan is for the device '" + std::string(on_gpu ? "cuda" : "cpu") + "', not for '" + device +
                  "'; leave --device out, or build it again for that");
  }
  return std::max(number, 0);
}

int threads_or_all(int threads) {
  return threads == 0 ? std::min(usable_cpus(), kMaxThreads) : threads;
}

}  // namespace

const plan::Program& Engine::Impl::program(int number) const {
  const auto& programs = plan().programs;
  if (number < 0 || static_cast<size_t>(number) >= programs.size()) {
    throw Error(ErrorKind::bad_usage, "there is no program " + std::to_string(number) + "; the plan has " +
                                          std::to_string(programs.size()) + ", numbered from 0");
  }
  return programs[static_cast<size_t>(number)];
}

std::shared_ptr<const Engine::Impl> Engine::Impl::make(std::shared_ptr<const plan::Plan> plan,
                                                       const std::string& device) {
  auto impl = std::make_shared<Impl>();
  const int gpu = value_or_throw(check_device(*plan, device));
  impl->resolved = value_or_throw(resolve(std::move(plan), gpu));
  return impl;
}

Engine make_engine(std::shared_ptr<const plan::Plan> plan, const std::string& device) {
  return Engine::Impl::wrap(Engine::Impl::make(std::move(plan), device));
}

Engine Engine::load(const std::string& path, bool check_weights, const std::string& device) {
  auto plan = std::make_shared<plan::Plan>(value_or_throw(plan::load(path, {.check_weights = check_weights})));
  auto gpu = check_device(*plan, device);
  if (!gpu.ok()) throw_status(gpu.status().in("plan '" + path + "'"));
  auto resolved = resolve(std::move(plan), *gpu);
  if (!resolved.ok()) throw_status(resolved.status().in("plan '" + path + "'"));
  auto impl = std::make_shared<Impl>();
  impl->resolved = std::move(resolved).value();
  return Engine(std::move(impl));
}

int Engine::programs() const {
  return static_cast<int>(impl_->plan().programs.size());
}

std::vector<TensorInfo> Engine::inputs(int program) const {
  return infos_of(impl_->program(program).inputs);
}

std::vector<TensorInfo> Engine::outputs(int program) const {
  return infos_of(impl_->program(program).outputs);
}

MemoryUse Engine::memory(int number, int threads) const {
  const plan::Program& program = impl_->program(number);
  MemoryUse use;
  use.weights = impl_->plan().weights.size();
  for (const plan::ProgramTensor& t : program.tensors) {
    if (t.where.place != plan::Place::arena) continue;
    use.activations = std::max<size_t>(use.activations, t.where.offset + stored_bytes(t.type, t.layout));
  }
  use.workspace = executor_bytes(program, std::max(threads_or_all(threads), 1)) - use.activations;
  return use;
}

std::string Engine::preprocess() const {
  return impl_->plan().preprocess.spec;
}

Context Engine::context(const ContextOptions& options) const {
  impl_->program(options.program);
  auto executor = value_or_throw(Executor::create(impl_->resolved, options.program, threads_or_all(options.threads)));
  if (!options.cpus.empty() || options.priority != 0) {
    throw_if_failed(executor->place({options.cpus, options.priority}));
  }
  if (options.pacing) executor->pace();
  return Context(std::make_unique<Context::Impl>(std::move(executor)));
}

}  // namespace stretto
