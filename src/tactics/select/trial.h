// Trial: one problem with random data, on which tactics are run, checked and timed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "device/memory.h"
#include "device/task_pool.h"
#include "tactics/select/random_operands.h"
#include "tactics/tactic.h"

namespace stretto {

/// Random tensors for a problem and, lazily, the reference's answer at sampled points.
class TrialData {
 public:
  explicit TrialData(const Problem& problem);

  const Problem& problem() const { return problem_; }
  const std::vector<Tensor>& inputs() const { return operands_.inputs; }        // dense
  const std::vector<Tensor>& constants() const { return operands_.constants; }  // dense
  /// An input as its operand lies; made once. Not for two threads at once.
  const std::vector<std::byte>& stored_input(size_t i) const;
  /// max|y − r| / max|r| over the sampled points of a dense output; infinite where one is NaN and the other not.
  double error_of(const Tensor& output);

 private:
  void compute_reference();

  Problem problem_;
  RandomOperands operands_;
  mutable std::vector<std::vector<std::byte>> stored_;  // by input; empty: not asked for yet
  std::vector<int64_t> points_;
  std::vector<double> expected_;
};

/// A tactic on its way through the selector.
class TrialRun {
 public:
  virtual ~TrialRun() = default;
  /// Runs once. Fails when it computed where it must not.
  virtual Result<Tensor> run_once() = 0;
  /// Seconds of one run, the mean of several.
  virtual double time_round() = 0;
  virtual size_t scratch_bytes() const = 0;
};

/// An output as it lies, made dense. Fails when padding lanes hold anything but zeros.
Result<Tensor> dense_output(const Operand& output, const std::byte* stored);

/// One tactic ready to run on a trial's data: packed weights, several copies of all buffers so that consecutive runs
/// meet memory as cold as in a network, and guard bytes behind every buffer that it writes.
class Trial {
 public:
  /// `cold_weights`: every round begins with the packed weights in memory, not in a cache.
  Trial(const TrialData& data, const Tactic& tactic, const Config& config, int threads, bool cold_weights);

  /// Runs once. Fails when guard bytes or padding lanes were overwritten.
  Result<Tensor> run_once(TaskPool& pool);
  /// Seconds of one run, the mean over all copies run one after the other.
  double time_round(TaskPool& pool);
  size_t scratch_bytes() const { return booking_.scratch_bytes + booking_.worker_scratch_bytes; }

 private:
  struct Copy {
    std::vector<Memory> inputs;
    std::vector<const void*> src;
    Memory output, weights;
  };
  Status check_guards(const Copy& copy) const;

  const TrialData& data_;
  Booking booking_;
  bool cold_weights_;
  Memory scratch_, worker_scratch_;
  std::vector<Copy> copies_;
  std::vector<StepCall> calls_;
};

/// A Trial on a pool, which outlives it.
class PooledTrial final : public TrialRun {
 public:
  PooledTrial(const TrialData& data, const Tactic& tactic, const Config& config, int threads, bool cold_weights,
              TaskPool& pool)
      : trial_(data, tactic, config, threads, cold_weights), pool_(pool) {}
  Result<Tensor> run_once() override { return trial_.run_once(pool_); }
  double time_round() override { return trial_.time_round(pool_); }
  size_t scratch_bytes() const override { return trial_.scratch_bytes(); }

 private:
  Trial trial_;
  TaskPool& pool_;
};

}  // namespace stretto
