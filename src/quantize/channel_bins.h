// ChannelBins: how often the numbers of one channel occur, in fixed memory.
//
// As Histogram, with fewer bins: their width is 2^k by the largest magnitude alone, so the order of samples changes
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stretto::quantize {

class ChannelBins {
 public:
  /// Bins on each side of zero; the largest magnitude lies in the outer half.
  static constexpr int kSide = 128;
  static constexpr int kBins = 2 * kSide;

  /// Counts the finite numbers of a row whose largest magnitude is `magnitude` and of which `zeros` are zero.
  void add(const float* row, int64_t size, float magnitude, int64_t zeros);
  void merge(const ChannelBins& other);

  /// Numbers that are not exactly zero.
  int64_t count() const;
  /// Calls visit(lower edge, upper edge, count) for each bin in which something is; zeros are in none.
  template <class Visit>
  void visit(Visit visit) const {
    const double width = this->width();
    for (int i = 0; i < static_cast<int>(bins_.size()); ++i) {
      const int64_t n = bins_[static_cast<size_t>(i)];
      if (n > 0) visit((i - kSide) * width, (i - kSide + 1) * width, n);
    }
  }

 private:
  double width() const;
  void widen_to(int exponent);

  std::vector<int64_t> bins_;  // empty while only zeros were seen
  int exponent_ = 0;
};

}  // namespace stretto::quantize
