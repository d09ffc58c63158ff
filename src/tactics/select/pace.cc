#include "tactics/select/pace.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace stretto {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSums = 32, kSteps = 2000;
constexpr int kRepeats = 3, kFirstRepeats = 300;

/// Multiplications and additions without dependences between neighbours: as many as the processor starts at once.
void multiply_add(const StepArgs& args, TaskId id) {
  std::array<float, kSums> sums{};
  for (int i = 0; i < kSteps; ++i) {
    for (float& sum : sums) sum = sum * 0.5f + 1.0f;
  }
  float total = 0;
  for (float sum : sums) total += sum;
  static_cast<float*>(args.dst)[id.index * 16] = total;
}

}  // namespace

double Pace::measure(TaskPool& pool) {
  std::array<float, 16 * 64> results;
  StepCall call{multiply_add, {}, {std::min(pool.threads(), 64)}};
  call.args.dst = results.data();
  const Clock::time_point start = Clock::now();
  pool.run({&call, 1});
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double Pace::slowness(TaskPool& pool) {
  double now = measure(pool);
  for (int i = 1; i < (best_ == 0 ? kFirstRepeats : kRepeats); ++i) now = std::min(now, measure(pool));
  if (best_ == 0 || now < best_) best_ = now;
  return now / best_;
}

}  // namespace stretto
