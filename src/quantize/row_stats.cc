#include "quantize/row_stats.h"

#include <algorithm>
#include <bit>

namespace stretto::quantize {
namespace {

constexpr int kLanes = 16;
constexpr int64_t kBlock = 1024;  // floats are summed in f32 within a block, blocks in f64

/// A multiple of kLanes elements, at most kBlock, lane by lane: loops of a fixed width become vector code.
void add_block(const float* x, int64_t size, RowStats& stats) {
  float low[kLanes], high[kLanes], sum[kLanes];
  int32_t zeros[kLanes], bad[kLanes];
  for (int l = 0; l < kLanes; ++l) {
    low[l] = high[l] = x[l];
    sum[l] = 0;
    zeros[l] = bad[l] = 0;
  }
  for (int64_t i = 0; i < size; i += kLanes) {
    for (int l = 0; l < kLanes; ++l) {
      const float v = x[i + l];
      low[l] = v < low[l] ? v : low[l];
      high[l] = v > high[l] ? v : high[l];
      sum[l] += v;
      zeros[l] += v == 0;
      bad[l] |= (v - v) != 0;  // NaN for what is not finite, and NaN is unequal to everything
    }
  }
  double block_sum = 0;
  for (int l = 0; l < kLanes; ++l) {
    stats.low = std::min(stats.low, low[l]);
    stats.high = std::max(stats.high, high[l]);
    stats.zeros += zeros[l];
    stats.finite &= bad[l] == 0;
    block_sum += double{sum[l]};
  }
  stats.sum += block_sum;
}

}  // namespace

RowStats stats_of(const float* row, int64_t size) {
  RowStats stats{row[0], row[0]};
  const int64_t whole = size / kLanes * kLanes;
  for (int64_t i = 0; i < whole; i += kBlock) add_block(row + i, std::min(kBlock, whole - i), stats);
  for (int64_t i = whole; i < size; ++i) {
    stats.low = std::min(stats.low, row[i]);
    stats.high = std::max(stats.high, row[i]);
    stats.sum += double{row[i]};
    stats.zeros += row[i] == 0;
    stats.finite &= (row[i] - row[i]) == 0;
  }
  return stats;
}

}  // namespace stretto::quantize
