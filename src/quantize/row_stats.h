// What one pass over a row of numbers finds: extremes, sum, zeros, and whether all are finite.
#pragma once

#include <cstdint>

namespace stretto::quantize {

struct RowStats {
  float low = 0, high = 0;
  double sum = 0;  // in an order that the row's length alone decides
  int64_t zeros = 0;
  bool finite = true;  // false: nothing else here holds
};

/// Precondition: size ≥ 1.
RowStats stats_of(const float* row, int64_t size);

}  // namespace stretto::quantize
