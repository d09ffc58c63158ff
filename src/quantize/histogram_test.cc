#include "quantize/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace stretto::quantize {
namespace {

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(DType::f32, shape, values);
}

/// Magnitudes over many powers of two, some exact multiples of bin widths, zeros and both signs.
std::vector<float> wild(size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> exponent(-20, 12), sign(-1, 1);
  std::vector<float> values(count);
  for (float& v : values) {
    v = std::exp2(exponent(engine)) * (sign(engine) < 0 ? -1.f : 1.f);
    if (sign(engine) > 0.8f) v = std::rint(v);
  }
  return values;
}

void expect_equal(const Histogram& a, const Histogram& b) {
  EXPECT_EQ(a.bins(), b.bins());
  EXPECT_EQ(a.width(), b.width());
  EXPECT_EQ(a.count(), b.count());
  EXPECT_EQ(a.zeros(), b.zeros());
  EXPECT_EQ(a.not_finite(), b.not_finite());
  EXPECT_EQ(a.low(), b.low());
  EXPECT_EQ(a.high(), b.high());
  ASSERT_EQ(a.channels().size(), b.channels().size());
  for (size_t c = 0; c < a.channels().size(); ++c) {
    EXPECT_EQ(a.channels()[c].low, b.channels()[c].low);
    EXPECT_EQ(a.channels()[c].high, b.channels()[c].high);
    EXPECT_TRUE(a.channels()[c].sum == b.channels()[c].sum);
    EXPECT_EQ(a.channels()[c].count, b.channels()[c].count);
  }
}

TEST(Histogram, counts_as_dividing_by_the_final_width_would) {
  std::vector<float> values = wild(20000, 1);
  Histogram h;
  for (size_t i = 0; i < values.size(); i += 100) {
    h.add(floats({1, 1, 100}, {values.begin() + static_cast<long>(i), values.begin() + static_cast<long>(i) + 100}));
  }
  std::vector<int64_t> expected(Histogram::kBins, 0);
  for (float v : values) {
    double steps = std::abs(double{v}) / h.width();
    int side = static_cast<int>(steps);
    ++expected[static_cast<size_t>(v < 0 ? Histogram::kSideBins - 1 - side : Histogram::kSideBins + side)];
  }
  EXPECT_EQ(h.bins(), expected);
}

TEST(Histogram, neither_order_nor_batches_nor_merging_change_it) {
  constexpr size_t kSamples = 24, kSize = 3 * 50;
  std::vector<std::vector<float>> samples;
  for (unsigned i = 0; i < kSamples; ++i) samples.push_back(wild(kSize, 10 + i));
  samples[3].assign(kSize, 0);  // a sample of zeros has no width of its own
  for (float& v : samples[7]) v *= 1000;
  samples[9][4] = std::nanf("");
  samples[9][70] = INFINITY;
  Histogram one;
  for (const auto& s : samples) one.add(floats({1, 3, 50}, s));
  std::mt19937 engine(5);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(samples.begin(), samples.end(), engine);
    Histogram shuffled, batched, parts[3];
    for (size_t i = 0; i < kSamples; ++i) {
      shuffled.add(floats({1, 3, 50}, samples[i]));
      parts[i % 3].add(floats({1, 3, 50}, samples[i]));
    }
    for (size_t i = 0; i < kSamples; i += 4) {
      std::vector<float> batch;
      for (size_t j = i; j < i + 4; ++j) batch.insert(batch.end(), samples[j].begin(), samples[j].end());
      batched.add(floats({4, 3, 50}, batch));
    }
    parts[2].merge(parts[0]);
    parts[2].merge(parts[1]);
    expect_equal(one, shuffled);
    expect_equal(one, batched);
    expect_equal(one, parts[2]);
  }
}

TEST(Histogram, large_tensors_take_the_same_bins_as_small_ones) {
  std::vector<float> values = wild(40000, 3);
  Histogram whole, pieces;
  whole.add(floats({1, 1, 40000}, values));
  for (size_t i = 0; i < values.size(); ++i) pieces.add(floats({1, 1, 1}, {values[i]}));
  EXPECT_EQ(whole.bins(), pieces.bins());
  EXPECT_EQ(whole.zeros(), std::count(values.begin(), values.end(), 0.f));
}

TEST(Histogram, channels_have_their_own_extremes_and_mean) {
  Histogram h;
  h.add(floats({2, 2, 2}, {1, 2, -3, -5, 3, 6, 0, 0}));
  ASSERT_EQ(h.channels().size(), 2u);
  EXPECT_EQ(h.channels()[0].low, 1);
  EXPECT_EQ(h.channels()[0].high, 6);
  EXPECT_EQ(h.channels()[0].mean(), 3);
  EXPECT_EQ(h.channels()[1].low, -5);
  EXPECT_EQ(h.channels()[1].high, 0);
  EXPECT_EQ(h.channels()[1].mean(), -2);
  EXPECT_EQ(h.zeros(), 2);
}

TEST(Histogram, what_is_not_finite_is_counted_apart) {
  Histogram h;
  h.add(floats({1, 1, 5}, {1, std::nanf(""), -INFINITY, INFINITY, 2}));
  EXPECT_EQ(h.not_finite(), 3);
  EXPECT_EQ(h.count(), 2);
  EXPECT_EQ(h.high(), 2);
  h.add(floats({1, 1, 1}, {std::nanf("")}));
  EXPECT_EQ(h.not_finite(), 4);
}

TEST(Histogram, the_ends_of_what_floats_hold_have_bins) {
  const float most = std::numeric_limits<float>::max(), least = std::numeric_limits<float>::denorm_min();
  Histogram h;
  h.add(floats({2}, {least, -least}));
  EXPECT_EQ(h.bins()[Histogram::kSideBins], 1);
  EXPECT_EQ(h.bins()[Histogram::kSideBins - 1], 1);
  h.add(floats({2}, {most, -most}));
  EXPECT_EQ(h.bins()[Histogram::kBins - 1], 1);
  EXPECT_EQ(h.bins()[0], 1);
  EXPECT_EQ(h.count(), 4);
}

TEST(Histogram, empty_tensors_and_scalars_are_no_trouble) {
  Histogram h;
  h.add(Tensor(TensorType{DType::f32, {0, 3, 2}}));
  EXPECT_EQ(h.count(), 0);
  Histogram scalar;
  scalar.add(floats({}, {0.5f}));
  EXPECT_EQ(scalar.count(), 1);
  EXPECT_EQ(scalar.channels().size(), 1u);
}

}  // namespace
}  // namespace stretto::quantize
