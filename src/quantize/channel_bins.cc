#include "quantize/channel_bins.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace stretto::quantize {
namespace {

constexpr int kSmallestExponent = -100;
constexpr int kSideBits = 7;
static_assert(1 << kSideBits == ChannelBins::kSide);
constexpr int64_t kChunk = 512;

/// The least k ≥ kSmallestExponent with magnitude < kSide · 2^k.
int exponent_for(float magnitude) {
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  return std::max(exponent - kSideBits, kSmallestExponent);
}

}  // namespace

double ChannelBins::width() const {
  return std::ldexp(1.0, exponent_);
}

int64_t ChannelBins::count() const {
  int64_t n = 0;
  for (int64_t bin : bins_) n += bin;
  return n;
}

void ChannelBins::widen_to(int exponent) {
  for (; exponent_ < exponent; ++exponent_) {
    for (int i = 0; i < kSide / 2; ++i) {
      auto up = [&](int n) -> int64_t& { return bins_[static_cast<size_t>(kSide + n)]; };
      auto down = [&](int n) -> int64_t& { return bins_[static_cast<size_t>(kSide - 1 - n)]; };
      up(i) = up(2 * i) + up(2 * i + 1);
      down(i) = down(2 * i) + down(2 * i + 1);
    }
    std::fill(bins_.begin(), bins_.begin() + kSide / 2, 0);
    std::fill(bins_.end() - kSide / 2, bins_.end(), 0);
    if (std::all_of(bins_.begin(), bins_.end(), [](int64_t n) { return n == 0; })) exponent_ = exponent - 1;
  }
}

void ChannelBins::add(const float* row, int64_t size, float magnitude, int64_t zeros) {
  if (magnitude == 0) return;
  const int exponent = exponent_for(magnitude);
  if (bins_.empty()) {
    bins_.assign(kBins, 0);
    exponent_ = exponent;
  }
  widen_to(exponent);
  const float inverse = static_cast<float>(std::ldexp(1.0, -exponent_));
  int32_t index[kChunk];
  for (int64_t at = 0; at < size; at += kChunk) {
    const int64_t n = std::min(kChunk, size - at);
    for (int64_t i = 0; i < n; ++i) {
      const float steps = row[at + i] * inverse;
      index[i] = static_cast<int32_t>(steps) - (steps < 0) + kSide;
    }
    for (int64_t i = 0; i < n; ++i) ++bins_[static_cast<size_t>(std::max(index[i], 0))];
  }
  bins_[kSide] -= zeros;
}

void ChannelBins::merge(const ChannelBins& other) {
  if (other.bins_.empty()) return;
  if (bins_.empty()) {
    *this = other;
    return;
  }
  ChannelBins widened = other;
  widened.widen_to(exponent_);
  widen_to(widened.exponent_);
  for (size_t i = 0; i < kBins; ++i) bins_[i] += widened.bins_[i];
}

}  // namespace stretto::quantize
