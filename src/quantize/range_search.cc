#include "quantize/range_search.h"

#include <algorithm>
#include <cmath>

namespace stretto::quantize {
namespace {

constexpr int kFractions = 48;
/// 0.25^(1/47): from 1 down to a quarter.
constexpr double kStep = 0.9709347893;
/// Less error by less than this does not make up for what calibration has not seen.
constexpr double kGain = 0.98;

/// ∫₀ˣ (rounded(u) − u)² du for the multiples of s from `first` to `last`.
double integral(double x, double s, double first, double last) {
  const double n = std::clamp(std::rint(x / s), first, last), rest = x - n * s;
  return n * s * s * s / 12 + rest * rest * rest / 3;
}

}  // namespace

WeightedBins::WeightedBins(Range range)
    : range_(range), low_(range.low), width_((double{range.high} - double{range.low}) / kBins), weights_(kBins, 0.0) {
  STRETTO_CHECK(range.low <= 0 && range.high >= 0);
  if (!(width_ > 0)) width_ = 1;
}

void WeightedBins::add(const Histogram::Channel& channel, double divisor, double weight) {
  if (channel.count == 0 || !(weight > 0)) return;
  const double each = weight / static_cast<double>(channel.count);
  channel.bins.visit([&](double low, double high, int64_t n) {
    // The outermost bins reach past what was seen.
    const double from = std::max(low / divisor, double{range_.low}), to = std::min(high / divisor, double{range_.high});
    const double mass = each * static_cast<double>(n);
    const double a = (from - low_) / width_, b = (std::max(to, from) - low_) / width_;
    const int first = std::clamp(static_cast<int>(a), 0, kBins - 1);
    const int last = std::clamp(static_cast<int>(std::ceil(b)) - 1, first, kBins - 1);
    if (first == last) {
      weights_[static_cast<size_t>(first)] += mass;
      return;
    }
    for (int i = first; i <= last; ++i) {
      const double part = std::min(b, i + 1.0) - std::max(a, static_cast<double>(i));
      weights_[static_cast<size_t>(i)] += mass * std::max(part, 0.0) / (b - a);
    }
  });
}

double WeightedBins::result(double x) const {
  const double at = std::clamp((x - low_) / width_, 0.0, static_cast<double>(kBins));
  const auto i = static_cast<size_t>(std::min(at, kBins - 1.0));
  return results_[i] + (results_[i + 1] - results_[i]) * (at - static_cast<double>(i));
}

double WeightedBins::error(const Mapping& mapping, double clipped) const {
  const double s = mapping.scale, first = mapping.lowest - mapping.zero, last = mapping.highest - mapping.zero;
  const double low = first * s, high = last * s;
  const bool has_function = !results_.empty();
  const double at_low = has_function ? result(low) : low, at_high = has_function ? result(high) : high;
  double sum = 0, before = integral(low_, s, first, last);
  for (int i = 0; i < kBins; ++i) {
    const auto b = static_cast<size_t>(i);
    const double after = integral(edge(i + 1), s, first, last), mean = (after - before) / width_;
    before = after;
    if (weights_[b] == 0) continue;
    const double x = edge(i) + width_ / 2;
    if (x > low && x < high) {
      const double slope = has_function ? (results_[b + 1] - results_[b]) / width_ : 1;
      sum += weights_[b] * mean * slope * slope;
    } else {
      const double d = (has_function ? (results_[b] + results_[b + 1]) / 2 : x) - (x <= low ? at_low : at_high);
      // Beyond the last multiple by less than half a step is rounding still.
      const bool outside = x < low - s / 2 || x > high + s / 2;
      sum += weights_[b] * (outside ? clipped : 1) * d * d;
    }
  }
  return sum;
}

double WeightedBins::signal() const {
  double sum = 0;
  for (int i = 0; i < kBins; ++i) {
    const double x = edge(i) + width_ / 2;
    sum += weights_[static_cast<size_t>(i)] * x * x;
  }
  return sum;
}

Result<FoundRange> search_range(const WeightedBins& bins, double clipped, const FitRange& fit_range) {
  const Range whole = bins.range();
  STRETTO_ASSIGN(const Mapping widest, fit_range(whole));
  const double bound = kGain * bins.error(widest, clipped);
  FoundRange best{whole, false};
  double least = bound;
  Status failure;
  auto attempt = [&](double low, double high) {
    const Range range{static_cast<float>(low), static_cast<float>(high)};
    auto mapping = fit_range(range);
    if (!mapping.ok()) {
      failure = mapping.status();
      return;
    }
    const double error = bins.error(*mapping, clipped);
    if (error >= least) return;
    least = error;
    best = {range, true};
  };
  auto for_fractions = [](auto visit) {
    double fraction = 1;
    for (int i = 0; i < kFractions; ++i, fraction *= kStep) visit(fraction);
  };
  for_fractions([&](double f) { attempt(f * whole.low, f * whole.high); });
  for (int round = 0; round < 2 && whole.low < 0 && whole.high > 0; ++round) {
    const double high = best.range.high;
    for_fractions([&](double f) { attempt(f * whole.low, high); });
    const double low = best.range.low;
    for_fractions([&](double f) { attempt(low, f * whole.high); });
  }
  STRETTO_TRY(failure);
  return best;
}

}  // namespace stretto::quantize
