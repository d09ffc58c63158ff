// Histogram: how often the elements of one value occur, gathered sample after sample in fixed memory.
//
// Bins have a width 2^k that is a function of the largest magnitude seen alone; when that grows, neighbouring bins are
// merged in pairs, which is exactly what counting with the wider bins would have given. Counts are integers and sums
// are kept in fixed point, so the result does not depend on the order of samples, on how they are batched, or on how
// the work was spread over several histograms that are merged at the end.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/tensor.h"
#include "quantize/channel_bins.h"

namespace stretto::quantize {

class Histogram {
 public:
  /// Bins on each side of zero. The largest magnitude lies in the outer half, unless it is below
  /// 2^kSmallestExponent · kSideBins / 2.
  static constexpr int kSideBins = 2048;
  static constexpr int kBins = 2 * kSideBins;
  static constexpr int kSmallestExponent = -100;
  /// Channels that have bins of their own: 2 KiB each.
  static constexpr int64_t kMostBinned = 4096;

  /// What is known of one channel: index along axis 1 (a value of rank 0 or 1 has one channel).
  struct Channel {
    float low = std::numeric_limits<float>::infinity();  // +inf and −inf while nothing was seen
    float high = -std::numeric_limits<float>::infinity();
    __int128 sum = 0;   // in units of 2^−48
    int64_t count = 0;  // of finite elements
    ChannelBins bins;   // of those that are not zero; of all channels in the first where there are over kMostBinned
    double mean() const;
  };

  /// Counts every element of an f32 tensor. Channels are those of the first tensor: a value whose axis 1 has another
  /// size later is a programmer's error. Not-a-number and infinities are counted apart, and nowhere else.
  void add(const Tensor& tensor);
  /// As if everything counted there had been counted here. Where the numbers of channels differ, what is known by
  /// channel is merged into one channel.
  void merge(const Histogram& other);

  int64_t count() const { return count_; }            // finite elements
  int64_t zeros() const { return zeros_; }            // of them exactly zero
  int64_t not_finite() const { return not_finite_; }  // NaN and infinities
  float low() const { return low_; }                  // least and greatest finite element; +inf, −inf without any
  float high() const { return high_; }
  /// 2^k, the width of a bin. 2^kSmallestExponent while only zeros were seen.
  double width() const;
  /// Bin i counts x with i − kSideBins = floor(x / width), except that a negative multiple of the width falls into the
  /// bin below it. Size kBins.
  const std::vector<int64_t>& bins() const { return bins_; }
  const std::vector<Channel>& channels() const { return channels_; }

 private:
  void widen_to(int exponent);
  void add_row(const float* row, int64_t size, Channel& channel);
  void count_row(const float* row, int64_t size);

  std::vector<int64_t> bins_ = std::vector<int64_t>(kBins, 0);
  std::vector<Channel> channels_;
  int exponent_ = kSmallestExponent;
  int64_t count_ = 0, zeros_ = 0, not_finite_ = 0;
  float low_ = std::numeric_limits<float>::infinity(), high_ = -std::numeric_limits<float>::infinity();
};

}  // namespace stretto::quantize
