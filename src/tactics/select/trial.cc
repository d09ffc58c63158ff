#include "tactics/select/trial.h"

#include <chrono>
#include <cmath>
#include <limits>

#include "tactics/reorder.h"
#include "tactics/select/reference.h"

namespace stretto {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kGuardBytes = 256;
constexpr int kGuardValue = 0xA5;
/// Copies of a trial's buffers together should not fit the inner caches, nor fill the memory.
constexpr double kColdBytes = 6e6;
constexpr int kMaxCopies = 6;
/// Elements of inputs that the reference may read for one problem: keeps a check to some milliseconds.
constexpr double kReferenceReads = 4e5;

Memory guarded(size_t bytes) {
  Memory memory(align_up(bytes + kGuardBytes));
  std::memset(memory.data() + bytes, kGuardValue, memory.size() - bytes);
  return memory;
}

bool guard_intact(const Memory& memory, size_t bytes) {
  for (size_t i = bytes; i < memory.size(); ++i) {
    if (memory.data()[i] != static_cast<std::byte>(kGuardValue)) return false;
  }
  return true;
}

/// Values read for one element of the result if nothing is remembered: of chained products, the product.
double reads_of_one_result(const Problem& problem) {
  double reads = 1;
  for (const Problem::Node& node : problem.nodes) {
    std::vector<TensorType> types;
    for (int i : node.inputs) types.push_back(problem.operands[static_cast<size_t>(i)].type);
    const TensorType& result = problem.operands[static_cast<size_t>(node.output)].type;
    reads *= std::max(1.0, op::flops(node.attrs, types, result) / static_cast<double>(result.elements()));
  }
  return reads;
}

}  // namespace

TrialData::TrialData(const Problem& problem) : problem_(problem), operands_(random_operands(problem)) {}

const std::vector<std::byte>& TrialData::stored_input(size_t i) const {
  stored_.resize(operands_.inputs.size());
  if (stored_[i].empty()) {
    const Operand& operand = problem_.operands[static_cast<size_t>(problem_.with_role(Role::input)[i])];
    stored_[i].resize(stored_bytes(operand.type, operand.layout));
    from_plain(operand.type, operand.layout, operands_.inputs[i].data(), stored_[i].data());
  }
  return stored_[i];
}

void TrialData::compute_reference() {
  const double work = reads_of_one_result(problem_);
  int count = static_cast<int>(std::min(2000.0, std::max(24.0, kReferenceReads / work)));
  points_ = sample_points(problem_.output().type.shape, 7, count);
  ProblemReference reference(problem_, operands_.inputs, operands_.constants);
  for (int64_t point : points_) expected_.push_back(reference.at(point));
}

double TrialData::error_of(const Tensor& output) {
  if (points_.empty()) compute_reference();
  double largest = 0, difference = 0;
  for (size_t i = 0; i < points_.size(); ++i) {
    double y = ref::load(output, points_[i]).real;
    if (!is_float(output.dtype())) y = static_cast<double>(ref::load(output, points_[i]).integer);
    double r = expected_[i];
    if (std::isnan(y) && std::isnan(r)) continue;
    if (y == r) {
      if (std::isfinite(r)) largest = std::max(largest, std::fabs(r));
      continue;
    }
    if (!std::isfinite(y) || !std::isfinite(r)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::fabs(r));
    difference = std::max(difference, std::fabs(y - r));
  }
  return difference == 0 ? 0 : difference / std::max(largest, 1e-30);
}

Trial::Trial(const TrialData& data, const Tactic& tactic, const Config& config, int threads, bool cold_weights)
    : data_(data), booking_(tactic.book(data.problem(), config)), cold_weights_(cold_weights) {
  const Problem& problem = data.problem();
  scratch_ = guarded(booking_.scratch_bytes);
  size_t stride = align_up(booking_.worker_scratch_bytes + kGuardBytes);
  worker_scratch_ = Memory(stride * static_cast<size_t>(threads));
  for (int t = 0; t < threads && booking_.worker_scratch_bytes > 0; ++t) {
    std::byte* end = worker_scratch_.data() + static_cast<size_t>(t) * stride + booking_.worker_scratch_bytes;
    std::memset(end, kGuardValue, stride - booking_.worker_scratch_bytes);
  }
  double bytes = problem.bytes();
  int copies = static_cast<int>(std::min<double>(kMaxCopies, std::max(1.0, kColdBytes / bytes)));
  for (int i = 0; i < copies; ++i) {
    Copy copy;
    for (size_t k = 0; k < data.inputs().size(); ++k) {
      const Operand& operand = problem.operands[static_cast<size_t>(problem.with_role(Role::input)[k])];
      copy.inputs.emplace_back(align_up(stored_bytes(operand.type, operand.layout) + kAlignment));
      from_plain(operand.type, operand.layout, data.inputs()[k].data(), copy.inputs.back().data());
      copy.src.push_back(copy.inputs.back().data());
    }
    const Operand& output = problem.output();
    copy.output = guarded(stored_bytes(output.type, output.layout));
    std::memset(copy.output.data(), 0x7F, stored_bytes(output.type, output.layout));
    if (booking_.weights_bytes > 0) {
      copy.weights = guarded(booking_.weights_bytes);
      if (i == 0) {
        tactic.pack(problem, config, data.constants(), copy.weights.data());
      } else {
        std::memcpy(copy.weights.data(), copies_[0].weights.data(), booking_.weights_bytes);
      }
    }
    copies_.push_back(std::move(copy));
  }
  for (Copy& copy : copies_) {
    StepArgs args{booking_.params.data(), copy.weights.data(),    copy.src.data(), copy.output.data(),
                  scratch_.data(),        worker_scratch_.data(), stride};
    calls_.push_back({tactic.task, args, booking_.tasks});
  }
  // As in a network, each run fetches the weights of the next.
  for (size_t i = 0; i + 1 < calls_.size() && tactic.fetches_ahead; ++i) {
    set_fetch(calls_[i], {copies_[i + 1].weights.data(), booking_.weights_bytes});
  }
}

Status Trial::check_guards(const Copy& copy) const {
  const Operand& output = data_.problem().output();
  if (!guard_intact(copy.output, stored_bytes(output.type, output.layout))) return failed("wrote past its output");
  if (!guard_intact(scratch_, booking_.scratch_bytes)) return failed("wrote past its scratch");
  if (copy.weights && !guard_intact(copy.weights, booking_.weights_bytes)) return failed("wrote past its weights");
  for (size_t at = 0; booking_.worker_scratch_bytes > 0 && at < worker_scratch_.size();
       at += calls_[0].args.worker_stride) {
    for (size_t i = booking_.worker_scratch_bytes; i < calls_[0].args.worker_stride; ++i) {
      if (worker_scratch_.data()[at + i] != static_cast<std::byte>(kGuardValue)) {
        return failed("wrote past its worker's scratch");
      }
    }
  }
  return {};
}

Result<Tensor> dense_output(const Operand& output, const std::byte* stored) {
  Tensor dense(output.type);
  to_plain(output.type, output.layout, stored, dense.mutable_data());
  Memory again(align_up(stored_bytes(output.type, output.layout) + 1));
  from_plain(output.type, output.layout, dense.data(), again.data());
  if (output.layout != Layout::plain &&
      std::memcmp(again.data(), stored, stored_bytes(output.type, output.layout)) != 0) {
    return failed("left something other than zero in padding lanes");
  }
  return dense;
}

Result<Tensor> Trial::run_once(TaskPool& pool) {
  pool.run({calls_.data(), 1});
  STRETTO_TRY(check_guards(copies_[0]));
  return dense_output(data_.problem().output(), copies_[0].output.data());
}

double Trial::time_round(TaskPool& pool) {
  for (const Copy& copy : copies_) {
    if (cold_weights_) evict(copy.weights.data(), booking_.weights_bytes);
  }
  auto start = Clock::now();
  pool.run(calls_);
  return std::chrono::duration<double>(Clock::now() - start).count() / static_cast<double>(calls_.size());
}

}  // namespace stretto
