#include "quantize/histogram.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/status.h"
#include "quantize/row_stats.h"

namespace stretto::quantize {
namespace {

constexpr double kSumUnit = 0x1p-48;
/// No row's sum counts as more: 2^29 rows then fit into 128 bits.
constexpr double kMostRowSum = 0x1p50;
/// Tables that take turns: successive equal elements would wait for each other's count otherwise.
constexpr int kTables = 4;
constexpr int64_t kChunk = 512;
/// Rows are counted in 32 bits and brought into 64 before these can overflow.
constexpr int64_t kLongestRow = int64_t{1} << 30;

/// The least k ≥ kSmallestExponent with magnitude < kSideBins · 2^k.
int exponent_for(float magnitude) {
  int exponent = 0;
  std::frexp(magnitude, &exponent);  // magnitude < 2^exponent
  constexpr int kSideBits = 11;
  static_assert(1 << kSideBits == Histogram::kSideBins);
  return magnitude == 0 ? Histogram::kSmallestExponent : std::max(exponent - kSideBits, Histogram::kSmallestExponent);
}

__int128 fixed(double row_sum) {
  // Times 2^48 is exact, and at most 2^98.
  return static_cast<__int128>(std::clamp(row_sum, -kMostRowSum, kMostRowSum) / kSumUnit);
}

void merge_channel(Histogram::Channel& into, const Histogram::Channel& from) {
  into.low = std::min(into.low, from.low);
  into.high = std::max(into.high, from.high);
  into.sum += from.sum;
  into.count += from.count;
  into.bins.merge(from.bins);
}

void merge_into_one(std::vector<Histogram::Channel>& channels) {
  for (size_t c = 1; c < channels.size(); ++c) merge_channel(channels[0], channels[c]);
  channels.resize(1);
}

using Tables = std::array<std::array<uint32_t, Histogram::kBins>, kTables>;

/// The bins of `size` numbers, at most kChunk. Truncation and a step down for negative numbers, where floor would need
/// an instruction that not every CPU has.
void bins_of(const float* x, int64_t size, float inverse_width, int32_t* index) {
  for (int64_t i = 0; i < size; ++i) {
    const float steps = x[i] * inverse_width;
    index[i] = static_cast<int32_t>(steps) - (steps < 0) + Histogram::kSideBins;
  }
}

void tally(const int32_t* index, int64_t size, Tables& tables) {
  int64_t i = 0;
  for (; i + kTables <= size; i += kTables) {
    ++tables[0][static_cast<size_t>(index[i])];
    ++tables[1][static_cast<size_t>(index[i + 1])];
    ++tables[2][static_cast<size_t>(index[i + 2])];
    ++tables[3][static_cast<size_t>(index[i + 3])];
  }
  for (; i < size; ++i) ++tables[0][static_cast<size_t>(index[i])];
}

}  // namespace

double Histogram::Channel::mean() const {
  return count == 0 ? 0 : static_cast<double>(sum) * kSumUnit / static_cast<double>(count);
}

double Histogram::width() const {
  return std::ldexp(1.0, exponent_);
}

void Histogram::widen_to(int exponent) {
  for (; exponent_ < exponent; ++exponent_) {
    // Outwards from zero, in place: two bins of a side become one.
    for (int side : {0, 1}) {
      auto bin = [&](int i) -> int64_t& {
        return bins_[static_cast<size_t>(side == 0 ? kSideBins + i : kSideBins - 1 - i)];
      };
      for (int i = 0; i < kSideBins / 2; ++i) bin(i) = bin(2 * i) + bin(2 * i + 1);
      for (int i = kSideBins / 2; i < kSideBins; ++i) bin(i) = 0;
    }
    if (std::all_of(bins_.begin(), bins_.end(), [](int64_t n) { return n == 0; })) exponent_ = exponent - 1;
  }
}

void Histogram::count_row(const float* row, int64_t size) {
  // Small rows are counted straight into the bins: emptying the tables would cost more.
  const float inverse_width = static_cast<float>(std::ldexp(1.0, -exponent_));
  int32_t index[kChunk];
  if (size < kBins) {
    for (int64_t i = 0; i < size; i += kChunk) {
      const int64_t n = std::min(kChunk, size - i);
      bins_of(row + i, n, inverse_width, index);
      for (int64_t j = 0; j < n; ++j) ++bins_[static_cast<size_t>(index[j])];
    }
    return;
  }
  Tables tables{};
  for (int64_t i = 0; i < size; i += kChunk) {
    const int64_t n = std::min(kChunk, size - i);
    bins_of(row + i, n, inverse_width, index);
    tally(index, n, tables);
  }
  for (size_t b = 0; b < kBins; ++b) {
    bins_[b] += int64_t{tables[0][b]} + tables[1][b] + tables[2][b] + tables[3][b];
  }
}

void Histogram::add_row(const float* row, int64_t size, Channel& channel) {
  RowStats stats = stats_of(row, size);
  std::vector<float> finite;
  if (!stats.finite) {
    std::copy_if(row, row + size, std::back_inserter(finite), [](float v) { return std::isfinite(v); });
    not_finite_ += size - static_cast<int64_t>(finite.size());
    if (finite.empty()) return;
    row = finite.data();
    size = static_cast<int64_t>(finite.size());
    stats = stats_of(row, size);
  }
  merge_channel(channel, {stats.low, stats.high, fixed(stats.sum), size, {}});
  Channel& binned = static_cast<int64_t>(channels_.size()) > kMostBinned ? channels_[0] : channel;
  binned.bins.add(row, size, std::max(std::abs(stats.low), std::abs(stats.high)), stats.zeros);
  low_ = std::min(low_, stats.low);
  high_ = std::max(high_, stats.high);
  zeros_ += stats.zeros;
  count_ += size;
}

void Histogram::add(const Tensor& tensor) {
  STRETTO_CHECK(tensor.dtype() == DType::f32);
  const Shape& shape = tensor.shape();
  const int64_t channels = shape.size() >= 2 ? shape[1] : 1;
  if (channels_.empty()) channels_.resize(static_cast<size_t>(std::max<int64_t>(channels, 1)));
  const int64_t elements = tensor.elements();
  if (elements == 0) return;
  STRETTO_CHECK(channels == static_cast<int64_t>(channels_.size()));
  int64_t size = shape.size() >= 2 ? 1 : elements;
  for (int i = 2; i < shape.size(); ++i) size *= shape[i];
  const float* data = tensor.as<float>().data();
  const int64_t rows = elements / size, bad_before = not_finite_;
  for (int64_t r = 0; r < rows; ++r) {
    add_row(data + r * size, size, channels_[static_cast<size_t>(r % channels)]);
  }
  if (count_ == 0) return;
  widen_to(exponent_for(std::max(std::abs(low_), std::abs(high_))));
  if (not_finite_ == bad_before) {
    for (int64_t i = 0; i < elements; i += kLongestRow) count_row(data + i, std::min(kLongestRow, elements - i));
    return;
  }
  for (int64_t i = 0; i < elements; ++i) {
    if (std::isfinite(data[i])) count_row(data + i, 1);
  }
}

void Histogram::merge(const Histogram& other) {
  if (other.channels_.empty()) return;
  if (channels_.empty()) {
    *this = other;
    return;
  }
  const int exponent = std::max(exponent_, other.exponent_);
  Histogram widened = other;
  widened.widen_to(exponent);
  widen_to(exponent);
  for (size_t b = 0; b < kBins; ++b) bins_[b] += widened.bins_[b];
  if (channels_.size() != widened.channels_.size()) {
    merge_into_one(channels_);
    merge_into_one(widened.channels_);
  }
  for (size_t c = 0; c < channels_.size(); ++c) merge_channel(channels_[c], widened.channels_[c]);
  count_ += other.count_;
  zeros_ += other.zeros_;
  not_finite_ += other.not_finite_;
  low_ = std::min(low_, other.low_);
  high_ = std::max(high_, other.high_);
}

}  // namespace stretto::quantize
