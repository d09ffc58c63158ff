// Period: whether runs come at a steady rate, and when the next one is due.
#pragma once

#include <array>
#include <cstdint>

namespace stretto {

class Period {
 public:
  /// Fewer intervals than this prove nothing.
  static constexpr int kIntervals = 6;

  /// A run begins at `ns` of a monotonic clock. Allocates nothing.
  void add(int64_t ns);
  /// Nanoseconds between runs, or 0: the last intervals differ from their median by more than a tenth of it.
  int64_t steady() const { return steady_; }
  /// The largest such difference while steady.
  int64_t jitter() const { return jitter_; }

 private:
  std::array<int64_t, kIntervals> intervals_{};
  int64_t last_ = 0, steady_ = 0, jitter_ = 0;
  int count_ = 0;  // of intervals seen, up to kIntervals
  int next_ = 0;
};

}  // namespace stretto
