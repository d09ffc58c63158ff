// Harness: one program with inputs and outputs of its own, to be timed and verified.
#pragma once

#include <memory>
#include <vector>

#include "runtime/executor.h"

namespace stretto {

/// One sample: a dense tensor for each input of a program, in order.
using SampleInputs = std::vector<Tensor>;

/// Uniform in [−1, 1) for floats, zeros for integers; the same on every machine.
SampleInputs random_sample(const plan::Program& program, uint64_t seed);

class Harness {
 public:
  static Result<Harness> create(std::shared_ptr<const ResolvedPlan> plan, int number, int threads);

  const plan::Program& program() const { return executor_->program(); }
  void set_inputs(const SampleInputs& sample);
  /// Inputs must have been set.
  void run(StepObserver* observer = nullptr) { executor_->run(input_pointers_, output_pointers_, observer); }
  /// Why the latest run failed, if it did.
  const Status& failure() const { return executor_->failure(); }
  const Tensor& output(size_t i) const { return outputs_[i]; }
  /// A dense copy of a tensor of the program: from an observer.
  Tensor copy_of(uint32_t tensor) const;

  /// Mean seconds of a run (on a GPU by its clock, without transfers), over at least `seconds` or `most` runs.
  double time_runs(double seconds, int most);
  /// The same by step, each waited for.
  std::vector<double> time_steps(double seconds, int most);

 private:
  std::unique_ptr<Executor> executor_;
  SampleInputs inputs_;
  std::vector<Tensor> outputs_;
  std::vector<const void*> input_pointers_;
  std::vector<void*> output_pointers_;
};

}  // namespace stretto
