#include "quantize/calibrators.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace stretto::quantize {
namespace {

constexpr Method kMethods[] = {Method::minmax, Method::percentile, Method::entropy, Method::mse};

Histogram histogram_of(const std::vector<float>& values) {
  Histogram h;
  h.add(Tensor::of<float>(DType::f32, {1, 1, static_cast<int64_t>(values.size())}, values));
  return h;
}

std::vector<float> normal(size_t count, unsigned seed, bool relu) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> draw;
  std::vector<float> values(count);
  for (float& v : values) v = relu ? std::max(draw(engine), 0.f) : draw(engine);
  return values;
}

Range range_of(const std::vector<float>& values, Calibration calibration) {
  auto range = calibrate(histogram_of(values), calibration);
  EXPECT_TRUE(range.ok()) << range.status().message();
  return *range;
}

double mean_square(const std::vector<float>& values, Range range, Scheme scheme) {
  Mapping m = *fit(scheme, range);
  double sum = 0;
  for (float v : values) sum += std::pow(double{v} - to_real(to_integer(v, m), m), 2);
  return sum / static_cast<double>(values.size());
}

TEST(Calibrators, behind_a_relu_low_is_exactly_zero) {
  for (Method method : kMethods) {
    Range r = range_of(normal(100000, 1, true), {method});
    EXPECT_EQ(r.low, 0) << name_of(method);
    EXPECT_GT(r.high, 2) << name_of(method);
  }
}

TEST(Calibrators, no_range_is_wider_than_what_was_observed_with_zero) {
  for (Method method : kMethods) {
    for (bool relu : {false, true}) {
      std::vector<float> values = normal(5000, 2, relu);
      Histogram h = histogram_of(values);
      Range r = *calibrate(h, {method});
      EXPECT_GE(r.low, h.low());
      EXPECT_LE(r.high, h.high());
    }
    Range positive = range_of({3, 4, 5}, {method}), negative = range_of({-3, -4, -5}, {method});
    EXPECT_EQ(positive, (Range{0, 5})) << name_of(method);
    EXPECT_EQ(negative, (Range{-5, 0})) << name_of(method);
  }
}

TEST(Calibrators, minmax_is_all_and_percentile_leaves_the_outliers) {
  std::vector<float> values(100000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 100000;
  values.back() = 8;
  EXPECT_EQ(range_of(values, {Method::minmax}).high, 8);
  EXPECT_EQ(range_of(values, {Method::percentile, 100}).high, 8);
  // 8 lies in the outer half of the bins on a side: they are 1/128 wide.
  EXPECT_NEAR(range_of(values, {Method::percentile, 99}).high, 0.99, 1.0 / 128);
  EXPECT_NEAR(range_of(values, {Method::percentile, 50}).high, 0.50, 1.0 / 128);
}

TEST(Calibrators, entropy_and_mse_clip_a_lone_outlier) {
  std::vector<float> values = normal(200000, 3, false);
  values.push_back(40);
  for (Method method : {Method::entropy, Method::mse}) {
    Range r = range_of(values, {method});
    EXPECT_LT(r.high, method == Method::entropy ? 10 : 35) << name_of(method);
    EXPECT_GT(r.high, 3) << name_of(method);
  }
}

TEST(Calibrators, uniform_numbers_are_not_clipped) {
  std::mt19937 engine(4);
  std::uniform_real_distribution<float> draw(-3, 3);
  std::vector<float> values(300000);
  for (float& v : values) v = draw(engine);
  for (Method method : kMethods) {
    Range r = range_of(values, {method});
    EXPECT_GT(r.high, 2.9) << name_of(method);
    EXPECT_LT(r.low, -2.9) << name_of(method);
  }
}

TEST(Calibrators, mse_has_the_least_square_error_of_all_methods) {
  for (bool relu : {false, true}) {
    std::vector<float> values = normal(100000, 5, relu);
    for (int i = 0; i < 5; ++i) values.push_back(6.f + static_cast<float>(i));
    for (Scheme scheme : {Scheme::affine, Scheme::symmetric_restricted}) {
      double least = mean_square(values, range_of(values, {Method::mse, 0, scheme}), scheme);
      for (Method method : {Method::minmax, Method::percentile, Method::entropy}) {
        EXPECT_LE(least, 1.02 * mean_square(values, range_of(values, {method, 99.9, scheme}), scheme))
            << name_of(method) << " relu " << relu;
      }
    }
  }
}

TEST(Calibrators, many_zeros_do_not_change_the_entropy_range) {
  std::vector<float> values = normal(50000, 6, true);
  std::erase(values, 0.f);
  values.push_back(12);
  std::vector<float> diluted = values;
  diluted.resize(20 * values.size(), 0.f);
  EXPECT_EQ(range_of(values, {Method::entropy}), range_of(diluted, {Method::entropy}));
}

TEST(Calibrators, only_zeros_give_a_range_of_nothing_and_a_constant_its_own) {
  for (Method method : kMethods) {
    EXPECT_EQ(range_of({0, 0, 0}, {method}), Range{});
    EXPECT_EQ(range_of({2.5f, 2.5f}, {method}), (Range{0, 2.5f})) << name_of(method);
  }
}

TEST(Calibrators, refusals) {
  for (Method method : kMethods) {
    EXPECT_FALSE(calibrate(Histogram{}, {method}).ok());
    EXPECT_FALSE(calibrate(histogram_of({1, std::nanf("")}), {method}).ok());
  }
  EXPECT_FALSE(calibrate(histogram_of({1}), {Method::manual}).ok());
  EXPECT_FALSE(calibrate(histogram_of({1}), {Method::percentile, 0}).ok());
  EXPECT_FALSE(calibrate(histogram_of({1}), {Method::percentile, 101}).ok());
  EXPECT_FALSE(calibrate(histogram_of({1}), {Method::percentile, std::nan("")}).ok());
}

TEST(Calibrators, names_are_read_back) {
  for (Method method : {Method::minmax, Method::percentile, Method::entropy, Method::mse, Method::manual}) {
    EXPECT_EQ(method_from_name(name_of(method)), method);
  }
  EXPECT_FALSE(method_from_name("guess"));
}

}  // namespace
}  // namespace stretto::quantize
