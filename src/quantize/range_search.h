// Range search: the range of one scale group by the error that it leaves, weighed by where it is felt.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/status.h"
#include "quantize/histogram.h"
#include "quantize/schemes.h"

namespace stretto::quantize {

/// Numbers of several channels, each with its weight, spread over bins of one width; exact zeros are left out, as
/// every mapping represents them.
class WeightedBins {
 public:
  static constexpr int kBins = 2048;

  /// Bins from `low` to `high` < +inf, low ≤ 0 ≤ high.
  explicit WeightedBins(Range range);
  /// The channel's numbers, divided by `divisor`, count `weight` in all.
  void add(const Histogram::Channel& channel, double divisor, double weight);
  /// The function behind the value: errors are counted in its results. Given the edges of the bins, 0 … kBins, what it
  /// makes of them.
  void set_function(std::vector<double> at_edges) { results_ = std::move(at_edges); }

  double edge(int i) const { return low_ + i * width_; }
  Range range() const { return range_; }
  /// Σ over the bins of weight · mean square of the error of numbers spread evenly over the bin. What lies outside the
  /// mapping's range counts `clipped` times: the numbers that are clipped lie next to each other, with errors of one
  /// sign that add up in a sum, where rounding errors cancel.
  double error(const Mapping& mapping, double clipped) const;
  /// Σ weight · mean square of the numbers.
  double signal() const;

 private:
  double result(double x) const;

  Range range_;
  double low_ = 0, width_ = 1;
  std::vector<double> weights_, results_;
};

using FitRange = std::function<Result<Mapping>(Range)>;

struct FoundRange {
  Range range;
  bool clips = false;  // it is narrower than all that was observed, and has less error
};

/// Tries 48 fractions of the whole range for both ends together, then for each alone, twice. The whole range unless
/// another has less error, errors of clipping counting `clipped` times.
Result<FoundRange> search_range(const WeightedBins& bins, double clipped, const FitRange& fit_range);

}  // namespace stretto::quantize
