#include "device/period.h"

#include <algorithm>

namespace stretto {

void Period::add(int64_t ns) {
  const int64_t interval = ns - last_;
  const bool first = last_ == 0;
  last_ = ns;
  if (first) return;
  intervals_[static_cast<size_t>(next_)] = interval;
  next_ = (next_ + 1) % kIntervals;
  count_ = std::min(count_ + 1, kIntervals);
  steady_ = jitter_ = 0;
  if (count_ < kIntervals) return;
  std::array<int64_t, kIntervals> sorted = intervals_;
  std::sort(sorted.begin(), sorted.end());
  const int64_t median = sorted[kIntervals / 2];
  const int64_t off = std::max(sorted.back() - median, median - sorted.front());
  if (median <= 0 || off > median / 10) return;
  steady_ = median;
  jitter_ = off;
}

}  // namespace stretto
