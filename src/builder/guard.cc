#include "builder/guard.h"

#include <algorithm>
#include <cmath>

namespace stretto {
namespace {

/// Predictions aim this far below the limit.
constexpr double kAim = 0.9;
/// A time below this is none.
constexpr double kLeastSeconds = 1e-9;
/// The most that one layer is said to buy.
constexpr double kMostDb = 99;

}  // namespace

double cosine_error(std::span<const float> y, std::span<const float> r) {
  double yy = 0, rr = 0;
  for (size_t i = 0; i < r.size(); ++i) {
    const double a = y[i], b = r[i];
    if (!std::isfinite(a) || !std::isfinite(b)) {
      if (a == b || (std::isnan(a) && std::isnan(b))) continue;
      return 2;
    }
    yy += a * a;
    rr += b * b;
  }
  if (yy == 0 || rr == 0) return yy == rr ? 0 : 1;
  // Half the squared distance of the unit vectors: 1 − cosine without its loss of digits.
  double sum = 0;
  for (size_t i = 0; i < r.size(); ++i) {
    if (!std::isfinite(r[i])) continue;
    const double d = y[i] / std::sqrt(yy) - r[i] / std::sqrt(rr);
    sum += d * d;
  }
  return std::min(sum / 2, 2.0);
}

std::vector<GuardStep> order_by_gain(const MixProblem& problem, const std::vector<double>& gains,
                                     std::vector<bool> integer) {
  std::vector<GuardStep> order;
  while (true) {
    std::optional<GuardStep> best;
    double best_score = 0;
    for (size_t u = 0; u < integer.size(); ++u) {
      if (!integer[u]) continue;
      const double cost = change_of(problem, integer, static_cast<int>(u));
      const double score = gains[u] / std::max(cost, kLeastSeconds);
      const bool better = !best || score > best_score || (score == best_score && cost < best->cost_s);
      if (!better) continue;
      best = GuardStep{static_cast<int>(u), cost};
      best_score = score;
    }
    if (!best) return order;
    integer[static_cast<size_t>(best->unit)] = false;
    order.push_back(*best);
  }
}

GuardSearch::GuardSearch(std::vector<double> gains, double error, double limit)
    : left_(gains.size() + 1, 0), limit_(limit), low_error_(error) {
  for (size_t i = gains.size(); i-- > 0;) left_[i] = left_[i + 1] + gains[i];
}

int GuardSearch::predict() const {
  const int all = static_cast<int>(left_.size()) - 1;
  const double known = left_[static_cast<size_t>(low_)];
  if (!(known > 0)) return all;
  int steps = low_ + 1;
  while (steps < all && low_error_ * left_[static_cast<size_t>(steps)] / known > kAim * limit_) ++steps;
  return steps;
}

std::optional<int> GuardSearch::next() const {
  const int all = static_cast<int>(left_.size()) - 1;
  if (measured_ == kMostPlans || all == 0) return std::nullopt;
  if (!high_) {
    if (low_ == all) return std::nullopt;
    return measured_ + 1 == kMostPlans ? all : predict();
  }
  if (*high_ - low_ <= 1) return std::nullopt;
  const int predicted = predict();
  return predicted < *high_ ? predicted : low_ + (*high_ - low_) / 2;
}

void GuardSearch::report(int steps, double error) {
  ++measured_;
  if (error <= limit_) {
    high_ = steps;
  } else {
    low_ = steps;
    low_error_ = error;
  }
}

std::vector<double> GuardSearch::gains_db() const {
  std::vector<double> db;
  for (size_t i = 0; i + 1 < left_.size(); ++i) {
    db.push_back(left_[i + 1] > 0 ? std::min(kMostDb, 10 * std::log10(left_[i] / left_[i + 1]))
                 : left_[i] > 0   ? kMostDb
                                  : 0);
  }
  return db;
}

}  // namespace stretto
