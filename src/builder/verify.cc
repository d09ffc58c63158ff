#include "builder/verify.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "builder/error_stats.h"

namespace stretto {
namespace {

/// Keeps what every step of the reference computed, by name.
struct Keeper : StepObserver {
  const Harness* harness = nullptr;
  std::map<std::string, Tensor> kept;
  void step_done(int i, int64_t) override {
    uint32_t output = harness->program().steps[static_cast<size_t>(i)].output;
    kept[harness->program().tensors[output].name] = harness->copy_of(output);
  }
};

/// Finds the first step whose result is farther than `tolerance` from the value of the same name.
struct Finder : StepObserver {
  const Harness* harness = nullptr;
  const std::map<std::string, Tensor>* expected = nullptr;
  double tolerance = 0;
  std::string wrong;
  void step_done(int i, int64_t) override {
    if (!wrong.empty()) return;
    const plan::Step& step = harness->program().steps[static_cast<size_t>(i)];
    auto found = expected->find(harness->program().tensors[step.output].name);
    if (found == expected->end() || found->second.dtype() != DType::f32) return;
    Tensor made = harness->copy_of(step.output);
    if (!(made.type() == found->second.type())) return;
    double error = compare_tensors(made.as<float>(), found->second.as<float>()).relative;
    if (!(error <= tolerance)) wrong = step.name + " (" + step.tactic + ")";
  }
};

ErrorStats output_error(const Tensor& y, const Tensor& r) {
  if (y.dtype() == DType::f32) return compare_tensors(y.as<float>(), r.as<float>());
  ErrorStats stats;
  stats.sqnr_db = kExactSqnr;
  if (std::memcmp(y.data(), r.data(), y.bytes()) == 0) return stats;
  stats.relative = stats.max_abs = 1;
  if (y.dtype() == DType::u8 || y.dtype() == DType::i8) return stats;
  // Positions and answers of comparisons tip over where two numbers nearly tie: how many do is what counts.
  const size_t size = size_of(y.dtype()), count = y.bytes() / size;
  const auto *a = static_cast<const std::byte*>(y.data()), *b = static_cast<const std::byte*>(r.data());
  size_t other = 0;
  for (size_t i = 0; i < count; ++i) other += std::memcmp(a + i * size, b + i * size, size) != 0;
  stats.relative = static_cast<double>(other) / static_cast<double>(count);
  return stats;
}

}  // namespace

Result<Verification> verify_plan(std::shared_ptr<const ResolvedPlan> plan, int number,
                                 std::shared_ptr<const ResolvedPlan> reference,
                                 const std::vector<SampleInputs>& samples, int threads, double tolerance) {
  auto start = std::chrono::steady_clock::now();
  STRETTO_ASSIGN(Harness ours, Harness::create(std::move(plan), number, threads));
  STRETTO_ASSIGN(Harness theirs, Harness::create(std::move(reference), 0, threads));
  Verification result;
  for (const plan::Binding& output : ours.program().outputs) {
    OutputError error;
    error.name = output.name;
    error.sqnr_db = kExactSqnr;
    result.errors.push_back(error);
  }
  for (const SampleInputs& sample : samples) {
    ours.set_inputs(sample);
    theirs.set_inputs(sample);
    ours.run();
    STRETTO_TRY(ours.failure());
    theirs.run();
    bool off = false;
    for (size_t i = 0; i < result.errors.size(); ++i) {
      ErrorStats stats = output_error(ours.output(i), theirs.output(i));
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
      keeper.harness = &theirs;
      theirs.run(&keeper);
      Finder finder;
      finder.harness = &ours;
      finder.expected = &keeper.kept;
      finder.tolerance = tolerance;
      ours.run(&finder);
      result.wrong_step = finder.wrong.empty() ? "an output" : finder.wrong;
    }
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace stretto
