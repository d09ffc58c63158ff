#include "quantize/schemes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "quantize/rescale.h"

namespace stretto::quantize {
namespace {

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(DType::f32, shape, values);
}

TEST(Schemes, affine_is_the_thesis_with_inverse_scale_and_the_other_sign) {
  const float low = -1.5f, high = 3.6f;
  Mapping m = *fit(Scheme::affine, {low, high});
  const double s = 255 / (double{high} - low);  // (2.4)
  EXPECT_NEAR(1 / double{m.scale}, s, s * 1e-6);
  EXPECT_EQ(m.lowest - m.zero, std::rint(low * s));  // (2.5)
  for (float x = low; x <= high; x += 0.1f) {
    EXPECT_NEAR(to_integer(x, m) - m.lowest, std::rint(x * s - std::rint(low * s)), 1) << x;  // (2.6)
  }
}

TEST(Schemes, the_four_schemes_on_one_range) {
  EXPECT_EQ(*fit(Scheme::affine, {-1, 1.55f}), (Mapping{2.55f / 255, 100, 0, 255}));
  EXPECT_EQ(*fit(Scheme::symmetric_full, {-2, 1}), (Mapping{2.f / 128, 0, -128, 127}));
  EXPECT_EQ(*fit(Scheme::symmetric_restricted, {-2, 1}), (Mapping{2.f / 127, 0, -127, 127}));
  EXPECT_EQ(*fit(Scheme::one_sided, {0, 5.1f}), (Mapping{5.1f / 255, 0, 0, 255}));
  EXPECT_EQ(*fit(Scheme::symmetric_restricted, {-7, 7}, 4), (Mapping{1, 0, -7, 7}));
}

TEST(Schemes, full_range_clips_the_positive_end_and_restricted_does_not) {
  Mapping full = *fit(Scheme::symmetric_full, {-1, 1}), restricted = *fit(Scheme::symmetric_restricted, {-1, 1});
  EXPECT_EQ(to_real(to_integer(-1, full), full), -1);
  EXPECT_LT(to_real(to_integer(1, full), full), 1);
  EXPECT_FLOAT_EQ(to_real(to_integer(1, restricted), restricted), 1);
}

TEST(Schemes, real_zero_is_exact_and_no_number_in_range_is_off_by_more_than_a_step) {
  std::mt19937 engine(1);
  std::uniform_real_distribution<float> draw(-10, 10);
  for (int i = 0; i < 2000; ++i) {
    float a = draw(engine), b = draw(engine);
    Range range{std::min(a, b), std::max(a, b)};
    for (Scheme scheme : {Scheme::affine, Scheme::symmetric_full, Scheme::symmetric_restricted}) {
      Mapping m = *fit(scheme, range);
      EXPECT_EQ(to_real(to_integer(0, m), m), 0);
      EXPECT_EQ(to_integer(0, m), m.zero);
      for (float x : {range.low, range.high, (range.low + range.high) / 2}) {
        EXPECT_LE(std::abs(to_real(to_integer(x, m), m) - x), m.scale * 1.001f) << x;
      }
    }
  }
}

TEST(Schemes, symmetric_in_unsigned_has_zero_point_128) {
  Mapping m = *fit(Scheme::symmetric_restricted, {-1, 1});
  EXPECT_EQ(to_unsigned(m), (Mapping{1.f / 127, 128, 1, 255}));
  EXPECT_EQ(to_real(to_integer(0.5f, m), m), to_real(to_integer(0.5f, to_unsigned(m)), to_unsigned(m)));
  Mapping affine = *fit(Scheme::affine, {-1, 1});
  EXPECT_EQ(to_unsigned(affine), affine);
}

TEST(Schemes, a_range_of_nothing_has_scale_one_and_a_tiny_one_the_smallest) {
  for (Scheme scheme : {Scheme::affine, Scheme::symmetric_full, Scheme::symmetric_restricted, Scheme::one_sided}) {
    EXPECT_EQ(fit(scheme, {0, 0})->scale, kScaleOfNothing);
    EXPECT_EQ(fit(scheme, {0, 1e-40f})->scale, kSmallestScale);
  }
}

TEST(Schemes, what_is_no_range_is_refused) {
  const float inf = std::numeric_limits<float>::infinity(), most = std::numeric_limits<float>::max();
  for (Range r : {Range{1, 0}, Range{0, inf}, Range{-inf, 0}, Range{std::nanf(""), 1}, Range{-most, most}}) {
    EXPECT_FALSE(fit(Scheme::affine, r).ok()) << r.low << " " << r.high;
  }
  EXPECT_FALSE(fit(Scheme::one_sided, {-1, 1}).ok());
  EXPECT_FALSE(fit(Scheme::affine, {0, 1}, 1).ok());
  EXPECT_FALSE(fit(Scheme::affine, {0, 1}, 9).ok());
}

TEST(Schemes, saturates_and_rounds_half_to_even) {
  Mapping m{1, 10, 0, 255};
  EXPECT_EQ(to_integer(0.5f, m), 10);
  EXPECT_EQ(to_integer(1.5f, m), 12);
  EXPECT_EQ(to_integer(-0.5f, m), 10);
  EXPECT_EQ(to_integer(1e30f, m), 255);
  EXPECT_EQ(to_integer(-1e30f, m), 0);
  EXPECT_EQ(to_integer(std::numeric_limits<float>::infinity(), m), 255);
  EXPECT_EQ(to_integer(std::nanf(""), m), 10);
}

TEST(Schemes, weights_have_a_scale_a_channel_along_either_axis) {
  Tensor w = floats({2, 3}, {1.27f, -2.54f, 0, -0.127f, 0.0635f, 0});
  EXPECT_EQ(*channel_scales(w, 0, Scheme::symmetric_restricted), (std::vector<float>{2.54f / 127, 0.127f / 127}));
  auto columns = *channel_scales(w, 1, Scheme::symmetric_restricted);
  EXPECT_EQ(columns, (std::vector<float>{1.27f / 127, 2.54f / 127, kScaleOfNothing}));
  auto q = to_integers(w, 1, columns);
  EXPECT_EQ(std::vector<int8_t>(q.as<int8_t>().begin(), q.as<int8_t>().end()),
            (std::vector<int8_t>{127, -127, 0, -13, 3, 0}));
  EXPECT_FALSE(channel_scales(floats({1, 1}, {std::nanf("")}), 0, Scheme::symmetric_full).ok());
}

TEST(Rescale, float_factor_is_one_multiplication_then_half_to_even) {
  EXPECT_EQ(rescale_float(5, 0.5f, 3, 0, 255), 5);
  EXPECT_EQ(rescale_float(7, 0.5f, 3, 0, 255), 7);
  EXPECT_EQ(rescale_float(-100, 1, 3, 3, 255), 3);  // a ReLU: lowest is the zero point
  EXPECT_EQ(rescale_float(std::numeric_limits<int32_t>::max(), 1e30f, 0, 0, 255), 255);
  EXPECT_EQ(rescale_float(0, std::numeric_limits<float>::infinity(), 5, 1, 255), 1);
}

TEST(Rescale, fixed_factor_has_31_bits_and_refuses_what_does_not_fit) {
  EXPECT_EQ(*fixed_factor(0.5), (FixedFactor{1 << 30, 31}));
  EXPECT_EQ(*fixed_factor(1), (FixedFactor{1 << 30, 30}));
  EXPECT_EQ(*fixed_factor(0), FixedFactor{});
  EXPECT_EQ(*fixed_factor(0x1p-33), FixedFactor{});
  EXPECT_EQ(*fixed_factor(1 - 0x1p-40), (FixedFactor{1 << 30, 30}));
  for (double bad : {-1.0, 0x1p30, std::nan(""), 0x1p30 - 0x1p-20}) EXPECT_FALSE(fixed_factor(bad).ok()) << bad;
  std::mt19937 engine(2);
  std::uniform_real_distribution<double> exponent(-31, 29);
  for (int i = 0; i < 1000; ++i) {
    double factor = std::exp2(exponent(engine));
    FixedFactor f = *fixed_factor(factor);
    EXPECT_NEAR(std::ldexp(f.multiplier, -f.shift), factor, factor * 0x1p-31);
    EXPECT_GE(f.multiplier, 1 << 30);
    EXPECT_GE(f.shift, 1);
    EXPECT_LE(f.shift, 62);
  }
}

TEST(Rescale, fixed_rounds_to_nearest_with_ties_upwards) {
  FixedFactor half = *fixed_factor(0.5);
  EXPECT_EQ(rescale_fixed(5, half, 0, -128, 127), 3);
  EXPECT_EQ(rescale_fixed(-5, half, 0, -128, 127), -2);
  EXPECT_EQ(rescale_fixed(std::numeric_limits<int32_t>::min(), *fixed_factor(0x1p29), 0, -128, 127), -128);
  EXPECT_EQ(rescale_fixed(std::numeric_limits<int32_t>::max(), *fixed_factor(0x1p29), 0, -128, 127), 127);
}

TEST(Rescale, the_two_classes_differ_by_at_most_one) {
  std::mt19937 engine(3);
  std::uniform_int_distribution<int32_t> sums(-(1 << 22), 1 << 22);
  std::uniform_real_distribution<float> factors(1e-5f, 1e-3f);
  int different = 0;
  for (int i = 0; i < 20000; ++i) {
    int32_t sum = sums(engine);
    float factor = factors(engine);
    int32_t a = rescale_float(sum, factor, 128, 0, 255), b = rescale_fixed(sum, *fixed_factor(factor), 128, 0, 255);
    EXPECT_LE(std::abs(a - b), 1);
    different += a != b;
  }
  EXPECT_LT(different, 20);
}

}  // namespace
}  // namespace stretto::quantize
