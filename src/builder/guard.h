// The accuracy guard's decisions: in which order layers go back to reals, and how many of them must.
//
// Layers go by gain per time: how much of the outputs' error one causes, against how much longer the plan takes with it
// real, beside those that are real already. How many is found by measuring plans, led by what their gains promise.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "builder/type_mix.h"

namespace stretto {

/// 1 − cosine of the angle between two tensors, 0 to 2. Zero against zero is 0, against anything else 1; numbers that
/// are not finite where the other's are make it 2. Of equal length.
double cosine_error(std::span<const float> y, std::span<const float> r);

/// One unit that goes back.
struct GuardStep {
  int unit = 0;
  double cost_s = 0;  // that the plan takes longer for it, by the times of its parts; negative: it is faster
};

/// All units that are `integer`, by gain per second: of those left always the best one, judged beside the ones before.
/// `gains`: by unit, ≥ 0.
std::vector<GuardStep> order_by_gain(const MixProblem& problem, const std::vector<double>& gains,
                                     std::vector<bool> integer);

/// How many of the ordered steps must be taken, so that the error is at most `limit`: the least number that was
/// measured to do, found by at most kMostPlans measurements. Errors are taken to fall as more steps are taken, and to
/// be sums of what the steps not taken cause.
class GuardSearch {
 public:
  static constexpr int kMostPlans = 8;

  /// `gains`: in the order of the steps; `error`: with none of them taken, > limit.
  GuardSearch(std::vector<double> gains, double error, double limit);

  /// The number of steps, 1 to all, to be measured next; nothing when the search is over.
  std::optional<int> next() const;
  /// What was measured there.
  void report(int steps, double error);
  /// The least number of steps whose error was within the limit.
  std::optional<int> found() const { return high_; }
  /// By step, how many dB the error falls as it is taken after those before: by the gains.
  std::vector<double> gains_db() const;

 private:
  int predict() const;

  std::vector<double> left_;  // by number of steps taken: the sum of the gains of all others
  double limit_;
  int low_ = 0;       // measured: not within the limit
  double low_error_;  // there
  std::optional<int> high_;
  int measured_ = 0;
};

}  // namespace stretto
