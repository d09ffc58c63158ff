#include "op/resize_map.h"
#include "ref/test_tensors.h"

namespace stretto::ref {
namespace {

using op::Resize, op::ResizeCoordinate, op::ResizeMode, op::ResizeRounding;
using List = std::vector<float>;

/// Resizes one row of `x` to `out` elements.
List row(ResizeMode mode, ResizeCoordinate coordinate, List x, int64_t out, float scale,
         ResizeRounding rounding = ResizeRounding::round_prefer_floor) {
  int64_t in = static_cast<int64_t>(x.size());
  return real(Resize{mode, coordinate, rounding, {1, 1, 1, out}, 1, scale}, {floats({1, 1, 1, in}, x)});
}

TEST(Resize, NearestRoundsAsAsked) {
  List x{1, 2, 3, 4};
  // Asymmetric ×2 looks at 0, ½, 1, 1½, …: each rounding settles the halves in its own way.
  auto nearest = [&](ResizeRounding r) { return row(ResizeMode::nearest, ResizeCoordinate::asymmetric, x, 8, 2, r); };
  EXPECT_EQ(nearest(ResizeRounding::floor), (List{1, 1, 2, 2, 3, 3, 4, 4}));
  EXPECT_EQ(nearest(ResizeRounding::ceil), (List{1, 2, 2, 3, 3, 4, 4, 4}));
  EXPECT_EQ(nearest(ResizeRounding::round_prefer_floor), (List{1, 1, 2, 2, 3, 3, 4, 4}));
  EXPECT_EQ(nearest(ResizeRounding::round_prefer_ceil), (List{1, 2, 2, 3, 3, 4, 4, 4}));
}

TEST(Resize, NearestInEveryCoordinate) {
  List x{1, 2, 3, 4};
  EXPECT_EQ(row(ResizeMode::nearest, ResizeCoordinate::half_pixel, x, 8, 2), (List{1, 1, 2, 2, 3, 3, 4, 4}));
  EXPECT_EQ(row(ResizeMode::nearest, ResizeCoordinate::half_pixel, x, 2, 0.5f), (List{1, 3}));
  EXPECT_EQ(row(ResizeMode::nearest, ResizeCoordinate::align_corners, x, 7, 1.75f), (List{1, 1, 2, 2, 3, 3, 4}));
  EXPECT_EQ(row(ResizeMode::nearest, ResizeCoordinate::align_corners, x, 1, 0.25f), (List{1}));
  EXPECT_EQ(row(ResizeMode::nearest, ResizeCoordinate::pytorch_half_pixel, x, 1, 0.25f), (List{1}));
}

TEST(Resize, NearestMovesBothAxesAndAnyType) {
  Tensor x = longs({1, 1, 2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(
      integer(Resize{ResizeMode::nearest, ResizeCoordinate::asymmetric, ResizeRounding::floor, {1, 1, 4, 4}, 2, 2},
              {x}),
      (std::vector<int64_t>{1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}));
}

TEST(Resize, LinearInEveryCoordinate) {
  List x{1, 2};
  expect_near(row(ResizeMode::linear, ResizeCoordinate::half_pixel, x, 4, 2), {1, 1.25, 1.75, 2});
  expect_near(row(ResizeMode::linear, ResizeCoordinate::asymmetric, x, 4, 2), {1, 1.5, 2, 2});
  expect_near(row(ResizeMode::linear, ResizeCoordinate::align_corners, x, 4, 2), {1, 4.0 / 3, 5.0 / 3, 2});
  expect_near(row(ResizeMode::linear, ResizeCoordinate::half_pixel, {1, 2, 3, 4}, 2, 0.5f), {1.5, 3.5});
}

TEST(Resize, LinearInBothAxes) {
  // ONNX's resize_upsample_scales_linear.
  expect_near(
      real(Resize{ResizeMode::linear, ResizeCoordinate::half_pixel, {}, {1, 1, 4, 4}, 2, 2}, {counting({1, 1, 2, 2})}),
      {1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4});
}

TEST(Resize, CubicKeepsConstantsAndHitsItsSamples) {
  expect_near(row(ResizeMode::cubic, ResizeCoordinate::half_pixel, {3, 3, 3}, 7, 7.0f / 3),
              std::vector<double>(7, 3.0));
  expect_near(row(ResizeMode::cubic, ResizeCoordinate::align_corners, {1, 5, 2, 8}, 4, 1), {1, 5, 2, 8});
  // Halfway between 2 and 3, with a = −¾: weights −3/32, 19/32, 19/32, −3/32.
  expect_near(row(ResizeMode::cubic, ResizeCoordinate::half_pixel, {1, 2, 4, 8}, 2, 0.5f),
              {(-3 * 1 + 19 * 1 + 19 * 2 - 3 * 4) / 32.0, (-3 * 2 + 19 * 4 + 19 * 8 - 3 * 8) / 32.0});
}

TEST(ResizeMap, EveryIndexStaysInsideWhateverTheCoordinate) {
  for (float x : {-1e30f, -2.5f, -0.5f, 0.0f, 0.49999997f, 2.5f, 3.0f, 7.5f, 1e30f}) {
    for (ResizeRounding r : {ResizeRounding::floor, ResizeRounding::ceil, ResizeRounding::round_prefer_ceil,
                             ResizeRounding::round_prefer_floor}) {
      int64_t i = op::resize_nearest(r, x, 4);
      EXPECT_TRUE(i >= 0 && i < 4) << x;
    }
    op::ResizeLinear linear = op::resize_linear(x, 4);
    EXPECT_TRUE(linear.first >= 0 && linear.second < 4 && linear.fraction >= 0 && linear.fraction <= 1) << x;
    for (int64_t i : op::resize_cubic(x, 4, -0.75f).at) EXPECT_TRUE(i >= 0 && i < 4) << x;
  }
  EXPECT_EQ(op::resize_nearest(ResizeRounding::round_prefer_ceil, 0.49999997f, 4), 0);
}

}  // namespace
}  // namespace stretto::ref
