#include "builder/verify.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "builder/error_stats.h"
#include "runtime/executor.h"

namespace stretto {
namespace {

/// Buffers for one program's inputs and outputs, and one run on them.
struct Harness {
  std::unique_ptr<Executor> executor;
  std::vector<Tensor> outputs;
  std::vector<void*> output_pointers;

  static Result<Harness> create(std::shared_ptr<const ResolvedPlan> plan, int number, int threads) {
    Harness harness;
    STRETTO_ASSIGN(harness.executor, Executor::create(std::move(plan), number, threads));
    for (const plan::Binding& output : harness.executor->program().outputs) {
      harness.outputs.emplace_back(output.type);
      harness.output_pointers.push_back(harness.outputs.back().mutable_data());
    }
    return harness;
  }

  void run(const SampleInputs& sample, StepObserver* observer = nullptr) {
    std::vector<const void*> inputs;
    for (const Tensor& tensor : sample) inputs.push_back(tensor.data());
    executor->run(inputs, output_pointers, observer);
  }
};

Tensor dense_copy(const Executor& executor, uint32_t tensor) {
  const plan::ProgramTensor& t = executor.program().tensors[tensor];
  Tensor copy(t.type);
  to_plain(t.type, t.layout, executor.tensor_data(tensor), copy.mutable_data());
  return copy;
}

/// Keeps what every step of the reference computed, by name.
struct Keeper : StepObserver {
  const Executor* executor = nullptr;
  std::map<std::string, Tensor> kept;
  void step_done(int i, int64_t) override {
    uint32_t output = executor->program().steps[static_cast<size_t>(i)].output;
    kept[executor->program().tensors[output].name] = dense_copy(*executor, output);
  }
};

/// Finds the first step whose result is farther than `tolerance` from the value of the same name.
struct Finder : StepObserver {
  const Executor* executor = nullptr;
  const std::map<std::string, Tensor>* expected = nullptr;
  double tolerance = 0;
  std::string wrong;
  void step_done(int i, int64_t) override {
    if (!wrong.empty()) return;
    const plan::Step& step = executor->program().steps[static_cast<size_t>(i)];
    auto found = expected->find(executor->program().tensors[step.output].name);
    if (found == expected->end() || found->second.dtype() != DType::f32) return;
    Tensor made = dense_copy(*executor, step.output);
    if (!(made.type() == found->second.type())) return;
    double error = compare_tensors(made.as<float>(), found->second.as<float>()).relative;
    if (!(error <= tolerance)) wrong = step.name + " (" + step.tactic + ")";
  }
};

ErrorStats output_error(const Tensor& y, const Tensor& r) {
  if (y.dtype() == DType::f32) return compare_tensors(y.as<float>(), r.as<float>());
  ErrorStats stats;
  stats.sqnr_db = kExactSqnr;
  if (std::memcmp(y.data(), r.data(), y.bytes()) != 0) stats.relative = stats.max_abs = 1;
  return stats;
}

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

Result<Verification> verify_plan(std::shared_ptr<const ResolvedPlan> plan, int number,
                                 std::shared_ptr<const ResolvedPlan> reference,
                                 const std::vector<SampleInputs>& samples, int threads, double tolerance) {
  auto start = std::chrono::steady_clock::now();
  STRETTO_ASSIGN(Harness ours, Harness::create(std::move(plan), number, threads));
  STRETTO_ASSIGN(Harness theirs, Harness::create(std::move(reference), 0, threads));
  Verification result;
  for (const plan::Binding& output : ours.executor->program().outputs) {
    OutputError error;
    error.name = output.name;
    error.sqnr_db = kExactSqnr;
    result.errors.push_back(error);
  }
  for (const SampleInputs& sample : samples) {
    ours.run(sample);
    theirs.run(sample);
    bool off = false;
    for (size_t i = 0; i < result.errors.size(); ++i) {
      ErrorStats stats = output_error(ours.outputs[i], theirs.outputs[i]);
      OutputError& worst = result.errors[i];
      worst.relative = std::max(worst.relative, stats.relative);
      worst.max_abs = std::max(worst.max_abs, stats.max_abs);
      worst.mean_abs = std::max(worst.mean_abs, stats.mean_abs);
      worst.cosine = std::min(worst.cosine, stats.cosine);
      worst.sqnr_db = std::min(worst.sqnr_db, stats.sqnr_db);
      off = off || !(stats.relative <= tolerance);
    }
    if (off && result.wrong_step.empty()) {
      Keeper keeper;
      keeper.executor = theirs.executor.get();
      theirs.run(sample, &keeper);
      Finder finder;
      finder.executor = ours.executor.get();
      finder.expected = &keeper.kept;
      finder.tolerance = tolerance;
      ours.run(sample, &finder);
      result.wrong_step = finder.wrong.empty() ? "an output" : finder.wrong;
    }
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace stretto
