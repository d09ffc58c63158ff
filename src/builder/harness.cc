#include "builder/harness.h"

#include <algorithm>
#include <chrono>

namespace stretto {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Sums each step's time over observed runs.
struct StepTimer : StepObserver {
  std::vector<double> seconds;
  void step_done(int i, int64_t nanoseconds) override {
    seconds[static_cast<size_t>(i)] += static_cast<double>(nanoseconds) * 1e-9;
  }
};

}  // namespace

SampleInputs random_sample(const plan::Program& program, uint64_t seed) {
  SampleInputs sample;
  for (const plan::Binding& input : program.inputs) {
    Tensor tensor(input.type);
    if (input.type.dtype == DType::f32) {
      for (float& v : tensor.as_mutable<float>()) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
        v = static_cast<float>(static_cast<int32_t>(seed >> 32)) * 0x1p-31f;
      }
    }
    sample.push_back(std::move(tensor));
  }
  return sample;
}

Result<Harness> Harness::create(std::shared_ptr<const ResolvedPlan> plan, int number, int threads) {
  Harness harness;
  STRETTO_ASSIGN(harness.executor_, Executor::create(std::move(plan), number, threads));
  for (const plan::Binding& output : harness.program().outputs) {
    harness.outputs_.emplace_back(output.type);
    harness.output_pointers_.push_back(harness.outputs_.back().mutable_data());
  }
  return harness;
}

void Harness::set_inputs(const SampleInputs& sample) {
  inputs_ = sample;
  input_pointers_.clear();
  for (const Tensor& tensor : inputs_) input_pointers_.push_back(tensor.data());
}

Tensor Harness::copy_of(uint32_t tensor) const {
  const plan::ProgramTensor& t = program().tensors[tensor];
  Tensor copy(t.type);
  to_plain(t.type, t.layout, executor_->tensor_data(tensor), copy.mutable_data());
  return copy;
}

double Harness::time_runs(double seconds, int most) {
  constexpr int kRunsOnGpu = 20;
  if (auto times = executor_->time_gpu(std::min(most, kRunsOnGpu)); times.ok()) return times->network;
  auto start = Clock::now();
  int runs = 0;
  do {
    run();
    ++runs;
  } while (runs < most && seconds_since(start) < seconds);
  return seconds_since(start) / runs;
}

std::vector<double> Harness::time_steps(double seconds, int most) {
  StepTimer timer;
  timer.seconds.assign(program().steps.size(), 0);
  auto start = Clock::now();
  int runs = 0;
  do {
    run(&timer);
    ++runs;
  } while (runs < most && seconds_since(start) < seconds);
  for (double& s : timer.seconds) s /= runs;
  return std::move(timer.seconds);
}

}  // namespace stretto
