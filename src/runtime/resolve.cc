#include "runtime/resolve.h"

#include <algorithm>
#include <chrono>

#include "device/memory.h"
#include "kernels/cpu/tables.h"
#include "plan/quote.h"

namespace stretto {
namespace {

using plan::Program;
using plan::quote;
using plan::Step;

Status check_isa(Isa needed) {
  if (cpu_has(needed)) return {};
  const std::string has(name_of(best_isa()));
  return failed("the plan needs " + std::string(name_of(needed)) + ", this CPU has " + has +
                ": rebuild it with --isa " + has);
}

Result<const Tactic*> find(const Step& step) {
  if (const Tactic* tactic = find_tactic(step.tactic, step.tactic_version)) return tactic;
  const std::string built = quote(step.tactic) + " version " + std::to_string(step.tactic_version);
  if (const Tactic* other = find_tactic(step.tactic)) {
    return failed("the plan uses " + built + ", this program has version " + std::to_string(other->version) +
                  "; rebuild it with this version");
  }
  return failed("the plan uses " + built + ", which this program does not have; rebuild it with this version");
}

Status disagrees(const std::string& what) {
  return bad_input(what + " does not agree with its tactic; the plan is damaged, build it again");
}

bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes) {
  return a < b + b_bytes && b < a + a_bytes;
}

/// Scratch of `bytes` lies inside the arena and apart from what the step reads and writes there.
Status check_scratch(const Program& program, const Step& step, size_t bytes) {
  if (bytes == 0) return {};
  if (bytes > program.arena_bytes - step.scratch_offset) return disagrees("its scratch");
  const auto apart = [&](uint32_t number) {
    const plan::ProgramTensor& t = program.tensors[number];
    return t.where.place != plan::Place::arena ||
           !overlap(step.scratch_offset, bytes, t.where.offset, stored_bytes(t.type, t.layout));
  };
  if (!apart(step.output) || !std::all_of(step.inputs.begin(), step.inputs.end(), apart)) {
    return disagrees("its scratch");
  }
  return {};
}

bool has_tasks(const PhaseTasks& tasks) {
  return tasks[0] > 0 && std::all_of(tasks.begin(), tasks.end(), [](int32_t n) { return n >= 0; });
}

Result<ResolvedStep> resolve_step(const plan::Plan& plan, const Program& program, const Step& step) {
  ResolvedStep resolved;
  STRETTO_ASSIGN(resolved.tactic, find(step));
  const Tactic& tactic = *resolved.tactic;
  STRETTO_TRY(check_isa(tactic.isa));
  const bool on_gpu = plan.device == plan::Device::cuda;
  if (tactic.on_gpu != on_gpu || tactic.compute > static_cast<int>(plan.compute)) return disagrees("its device");
  if (refusal_of(tactic, step.problem) != Refusal::none) return disagrees("its problem");
  const std::vector<Config> configs = tactic.configs(step.problem);
  if (std::find(configs.begin(), configs.end(), step.config) == configs.end()) return disagrees("its configuration");
  resolved.booking = tactic.book(step.problem, step.config);
  const Booking& booking = resolved.booking;
  if (!has_tasks(booking.tasks)) return internal_error("tactic " + quote(step.tactic) + " books no tasks");
  if (booking.weights_bytes != step.weights_bytes) return disagrees("the size of its weights");
  if (booking.worker_scratch_bytes > program.worker_scratch_bytes) return disagrees("the scratch of its workers");
  STRETTO_TRY(check_scratch(program, step, booking.scratch_bytes));
  return resolved;
}

/// Opens the GPU that the plan is to run on and copies the weights there.
Status open_gpu(const plan::Plan& plan, int number, ResolvedPlan& resolved) {
  const auto start = std::chrono::steady_clock::now();
  STRETTO_ASSIGN(resolved.gpu, Gpu::open(number));
  resolved.gpu_open_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const GpuInfo& info = resolved.gpu->info();
  if (info.compute < static_cast<int>(plan.compute)) {
    return failed("the plan needs a GPU of compute capability " + compute_text(static_cast<int>(plan.compute)) + ", " +
                  info.name + " has " + compute_text(info.compute) + ": rebuild it there");
  }
  STRETTO_ASSIGN(resolved.gpu_weights, GpuMemory::on_gpu(resolved.gpu, plan.weights.size()));
  STRETTO_TRY(resolved.gpu->copy(resolved.gpu_weights.data(), plan.weights.data(), plan.weights.size()));
  return resolved.gpu->finish();
}

}  // namespace

Result<std::shared_ptr<const ResolvedPlan>> resolve(std::shared_ptr<const plan::Plan> plan, int gpu) {
  STRETTO_TRY(check_isa(plan->required_isa));
  auto resolved = std::make_shared<ResolvedPlan>();
  if (plan->device == plan::Device::cuda) STRETTO_TRY(open_gpu(*plan, gpu, *resolved));
  for (const Program& program : plan->programs) {
    std::vector<ResolvedStep>& steps = resolved->programs.emplace_back();
    steps.reserve(program.steps.size());
    for (const Step& step : program.steps) {
      auto one = resolve_step(*plan, program, step);
      if (!one.ok()) return one.status().in("step " + quote(step.name));
      steps.push_back(std::move(one).value());
    }
  }
  resolved->plan = std::move(plan);
  return std::shared_ptr<const ResolvedPlan>(std::move(resolved));
}

}  // namespace stretto
