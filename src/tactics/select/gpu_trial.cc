#include "tactics/select/gpu_trial.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "tactics/plugin_rows.h"
#include "tactics/reorder.h"

namespace stretto {
namespace {

constexpr size_t kGuardBytes = 4096;
constexpr int kGuardValue = 0xA5;
/// What all copies together may take, and how many there are at most: enough for the second-level cache not to hold
/// everything that one run leaves to the next, as in a network.
constexpr double kColdBytes = 64e6;
constexpr size_t kMaxCopies = 8;
/// Steps in the graph that is timed: launching it then costs little beside them.
constexpr size_t kStepsOfRound = 24;

}  // namespace

GpuTrial::GpuTrial(std::shared_ptr<Gpu> gpu, const TrialData& data, const Tactic& tactic, const Config& config)
    : gpu_(std::move(gpu)),
      data_(data),
      tactic_(tactic),
      config_(config),
      problem_(to_string(data.problem())),
      booking_(tactic.book(data.problem(), config)) {}

Result<std::unique_ptr<TrialRun>> GpuTrial::make(std::shared_ptr<Gpu> gpu, const TrialData& data, const Tactic& tactic,
                                                 const Config& config) {
  std::unique_ptr<GpuTrial> trial(new GpuTrial(std::move(gpu), data, tactic, config));
  STRETTO_TRY(trial->fill_copies());
  return std::unique_ptr<TrialRun>(std::move(trial));
}

Result<GpuMemory> GpuTrial::upload(const void* data, size_t bytes) const {
  STRETTO_ASSIGN(GpuMemory memory, GpuMemory::on_gpu(gpu_, bytes));
  STRETTO_TRY(gpu_->copy(memory.data(), data, bytes));
  STRETTO_TRY(gpu_->finish());
  return memory;
}

/// Memory that a tactic writes: never written bytes first, guard bytes behind.
Result<GpuMemory> GpuTrial::guarded(size_t bytes) const {
  STRETTO_ASSIGN(GpuMemory memory, GpuMemory::on_gpu(gpu_, bytes + kGuardBytes));
  STRETTO_TRY(gpu_->fill(memory.data(), 0x7F, bytes));
  STRETTO_TRY(gpu_->fill(memory.data() + bytes, kGuardValue, kGuardBytes));
  return memory;
}

Result<GpuTrial::Copy> GpuTrial::make_copy(const std::vector<std::byte>& packed) const {
  const Problem& problem = data_.problem();
  const std::vector<int> inputs = problem.with_role(Role::input);
  Copy copy;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Operand& operand = problem.operands[static_cast<size_t>(inputs[i])];
    std::vector<std::byte> stored(stored_bytes(operand.type, operand.layout));
    from_plain(operand.type, operand.layout, data_.inputs()[i].data(), stored.data());
    STRETTO_ASSIGN(GpuMemory input, upload(stored.data(), stored.size()));
    copy.src.push_back(input.data());
    copy.inputs.push_back(std::move(input));
  }
  const Operand& output = problem.output();
  STRETTO_ASSIGN(copy.output, guarded(stored_bytes(output.type, output.layout)));
  STRETTO_ASSIGN(copy.scratch, guarded(booking_.scratch_bytes));
  STRETTO_ASSIGN(copy.weights, upload(packed.data(), packed.size()));
  return copy;
}

Status GpuTrial::fill_copies() {
  const Problem& problem = data_.problem();
  if (booking_.tasks[0] == 0) return failed("the plug-in refuses to book it");
  std::vector<std::byte> packed(booking_.weights_bytes);
  if (!packed.empty()) tactic_.pack(problem, config_, data_.constants(), packed.data());
  const double bytes = problem.bytes() + static_cast<double>(booking_.scratch_bytes);
  const auto count = static_cast<size_t>(std::clamp(kColdBytes / bytes, 1.0, static_cast<double>(kMaxCopies)));
  for (size_t i = 0; i < count; ++i) {
    STRETTO_ASSIGN(Copy copy, make_copy(packed));
    copies_.push_back(std::move(copy));
  }
  for (size_t i = 0; i < kStepsOfRound; ++i) {
    const Copy& copy = copies_[i % count];
    StrettoStep step{};
    step.row = plugin_row(tactic_);
    step.problem = problem_.c_str();
    std::copy(config_.v.begin(), config_.v.end(), step.config.v);
    step.src = copy.src.data();
    step.dst = copy.output.data();
    step.weights = copy.weights.data();
    step.scratch = copy.scratch.data();
    steps_.push_back(step);
  }
  STRETTO_ASSIGN(once_, GpuGraph::record(gpu_, {steps_.data(), 1}));
  return {};
}

Status GpuTrial::check_guard(const GpuMemory& memory, size_t bytes, const char* what) const {
  std::vector<unsigned char> guard(kGuardBytes);
  STRETTO_TRY(gpu_->copy(guard.data(), memory.data() + bytes, kGuardBytes));
  STRETTO_TRY(gpu_->finish());
  const bool intact = std::all_of(guard.begin(), guard.end(), [](unsigned char b) { return b == kGuardValue; });
  return intact ? Status() : failed(std::string("wrote past its ") + what);
}

Result<Tensor> GpuTrial::run_once() {
  const Operand& output = data_.problem().output();
  const Copy& copy = copies_[0];
  std::vector<std::byte> stored(stored_bytes(output.type, output.layout));
  STRETTO_TRY(gpu_->launch(once_.get()));
  STRETTO_TRY(gpu_->copy(stored.data(), copy.output.data(), stored.size()));
  STRETTO_TRY(gpu_->finish());
  STRETTO_TRY(check_guard(copy.output, stored.size(), "output"));
  STRETTO_TRY(check_guard(copy.scratch, booking_.scratch_bytes, "scratch"));
  return dense_output(output, stored.data());
}

double GpuTrial::time_round() {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  if (round_.get() == nullptr) {
    auto recorded = GpuGraph::record(gpu_, steps_);
    if (!recorded.ok()) return kNever;
    round_ = std::move(recorded).value();
  }
  Result<double> seconds = gpu_->time(round_.get(), 1);
  return seconds.ok() ? *seconds / static_cast<double>(steps_.size()) : kNever;
}

}  // namespace stretto
