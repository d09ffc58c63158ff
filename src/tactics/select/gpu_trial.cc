#include "tactics/select/gpu_trial.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "device/memory.h"
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
/// They are fewer where they would take longer than this.
constexpr double kRoundSeconds = 2e-3;
constexpr size_t kPartBytes = 256;

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

/// Memory that a tactic writes: never written bytes first, guard bytes behind.
Status GpuTrial::fill_guarded(std::byte* memory, size_t bytes) const {
  STRETTO_TRY(gpu_->fill(memory, 0x7F, bytes));
  return gpu_->fill(memory + bytes, kGuardValue, kGuardBytes);
}

Status GpuTrial::fill_first(const std::vector<std::byte>& packed) {
  for (size_t i = 0; i < data_.inputs().size(); ++i) {
    const std::vector<std::byte>& stored = data_.stored_input(i);
    STRETTO_TRY(gpu_->copy(const_cast<void*>(copies_[0].src[i]), stored.data(), stored.size()));
    STRETTO_TRY(gpu_->finish());
  }
  STRETTO_TRY(gpu_->copy(copies_[0].weights, packed.data(), packed.size()));
  return gpu_->finish();
}

Status GpuTrial::fill_copies() {
  const Problem& problem = data_.problem();
  if (booking_.tasks[0] == 0) return failed("the plug-in refuses to book it");
  std::vector<std::byte> packed(booking_.weights_bytes);
  if (!packed.empty()) tactic_.pack(problem, config_, data_.constants(), packed.data());
  const double bytes = problem.bytes() + static_cast<double>(booking_.scratch_bytes);
  const auto count = static_cast<size_t>(std::clamp(kColdBytes / bytes, 1.0, static_cast<double>(kMaxCopies)));
  // One piece of memory for all: asking a GPU for memory costs more than most steps do.
  std::vector<size_t> sizes;
  for (int input : problem.with_role(Role::input)) {
    const Operand& operand = problem.operands[static_cast<size_t>(input)];
    sizes.push_back(align_up(stored_bytes(operand.type, operand.layout), kPartBytes));
  }
  const size_t read = std::accumulate(sizes.begin(), sizes.end(), size_t{0});
  const size_t weights = align_up(packed.size(), kPartBytes);
  const size_t written = stored_bytes(problem.output().type, problem.output().layout);
  const size_t output = align_up(written + kGuardBytes, kPartBytes);
  const size_t scratch = align_up(booking_.scratch_bytes + kGuardBytes, kPartBytes);
  const size_t each = read + weights + output + scratch;
  STRETTO_ASSIGN(memory_, GpuMemory::on_gpu(gpu_, each * count));
  for (size_t i = 0; i < count; ++i) {
    std::byte* at = memory_.data() + i * each;
    Copy& copy = copies_.emplace_back();
    for (size_t size : sizes) {
      copy.src.push_back(at);
      at += size;
    }
    copy.weights = at;
    copy.output = at + weights;
    copy.scratch = copy.output + output;
  }
  STRETTO_TRY(fill_first(packed));
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) STRETTO_TRY(gpu_->copy(memory_.data() + i * each, memory_.data(), read + weights));
    STRETTO_TRY(fill_guarded(copies_[i].output, written));
    STRETTO_TRY(fill_guarded(copies_[i].scratch, booking_.scratch_bytes));
  }
  for (size_t i = 0; i < kStepsOfRound; ++i) {
    const Copy& copy = copies_[i % count];
    StrettoStep step{};
    step.row = plugin_row(tactic_);
    step.problem = problem_.c_str();
    std::copy(config_.v.begin(), config_.v.end(), step.config.v);
    step.src = copy.src.data();
    step.dst = copy.output;
    step.weights = copy.weights;
    step.scratch = copy.scratch;
    steps_.push_back(step);
  }
  STRETTO_ASSIGN(once_, GpuGraph::record(gpu_, {steps_.data(), 1}));
  return {};
}

Status GpuTrial::check_guard(const std::byte* memory, size_t bytes, const char* what) const {
  std::vector<unsigned char> guard(kGuardBytes);
  STRETTO_TRY(gpu_->copy(guard.data(), memory + bytes, kGuardBytes));
  STRETTO_TRY(gpu_->finish());
  const bool intact = std::all_of(guard.begin(), guard.end(), [](unsigned char b) { return b == kGuardValue; });
  return intact ? Status() : failed(std::string("wrote past its ") + what);
}

Result<Tensor> GpuTrial::run_once() {
  const Operand& output = data_.problem().output();
  const Copy& copy = copies_[0];
  std::vector<std::byte> stored(stored_bytes(output.type, output.layout));
  STRETTO_TRY(gpu_->launch(once_.get()));
  STRETTO_TRY(gpu_->copy(stored.data(), copy.output, stored.size()));
  STRETTO_TRY(gpu_->finish());
  STRETTO_TRY(check_guard(copy.output, stored.size(), "output"));
  STRETTO_TRY(check_guard(copy.scratch, booking_.scratch_bytes, "scratch"));
  return dense_output(output, stored.data());
}

double GpuTrial::time_round() {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  if (round_.get() == nullptr) {
    // A slow step needs few others beside it to be timed well.
    const Result<double> alone = gpu_->time(once_.get(), 1);
    if (!alone.ok()) return kNever;
    const double fitting = kRoundSeconds / std::max(*alone, 1e-9);
    steps_.resize(static_cast<size_t>(std::clamp(fitting, 1.0, static_cast<double>(kStepsOfRound))));
    auto recorded = GpuGraph::record(gpu_, steps_);
    if (!recorded.ok()) return kNever;
    round_ = std::move(recorded).value();
  }
  Result<double> seconds = gpu_->time(round_.get(), 1);
  return seconds.ok() ? *seconds / static_cast<double>(steps_.size()) : kNever;
}

}  // namespace stretto
