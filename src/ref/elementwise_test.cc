#include <chrono>
#include <cmath>
#include <limits>

#include "ref/test_tensors.h"

namespace stretto::ref {
namespace {

using op::Binary, op::BinaryKind, op::Unary, op::UnaryKind;
using List = std::vector<float>;
using Longs = std::vector<int64_t>;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();

List unary(UnaryKind kind, List x, float a = 0, float b = 0) {
  return real(Unary{kind, a, b}, {floats({static_cast<int64_t>(x.size())}, x)});
}
List binary(BinaryKind kind, List x, List y) {
  return real(Binary{kind}, {floats({static_cast<int64_t>(x.size())}, x), floats({static_cast<int64_t>(y.size())}, y)});
}

TEST(Unary, ByHand) {
  EXPECT_EQ(unary(UnaryKind::relu, {-1, 0, 2}), (List{0, 0, 2}));
  EXPECT_EQ(unary(UnaryKind::leaky_relu, {-2, 3}, 0.5f), (List{-1, 3}));
  EXPECT_EQ(unary(UnaryKind::clip, {-1, 3, 9}, 0, 6), (List{0, 3, 6}));
  EXPECT_EQ(unary(UnaryKind::clip, {-1, 3, 9}, 5, 2), (List{2, 2, 2}));
  EXPECT_EQ(unary(UnaryKind::hard_sigmoid, {-9, 1, 9}, 0.25f, 0.5f), (List{0, 0.75f, 1}));
  EXPECT_EQ(unary(UnaryKind::hard_swish, {-4, 0, 3, 5}), (List{0, 0, 3, 5}));
  EXPECT_EQ(unary(UnaryKind::sqrt, {4, 2.25f}), (List{2, 1.5f}));
  EXPECT_EQ(unary(UnaryKind::neg, {1, -2}), (List{-1, 2}));
  EXPECT_EQ(unary(UnaryKind::abs, {1, -2}), (List{1, 2}));
  EXPECT_EQ(unary(UnaryKind::reciprocal, {4, -0.5f}), (List{0.25f, -2}));
  EXPECT_EQ(unary(UnaryKind::linear, {1, 2}, 3, 0.5f), (List{3.5f, 6.5f}));
  expect_near(unary(UnaryKind::sigmoid, {0, 1}), {0.5, 0.7310585786});
  expect_near(unary(UnaryKind::swish, {0, 1}), {0, 0.7310585786});
  expect_near(unary(UnaryKind::tanh, {0.5f}), {0.4621171573});
  expect_near(unary(UnaryKind::exp, {0, 1}), {1, 2.718281828});
}

TEST(Unary, ExtremesSaturateInsteadOfTurningIntoNoNumber) {
  EXPECT_EQ(unary(UnaryKind::sigmoid, {-1e4f, 1e4f}), (List{0, 1}));
  EXPECT_EQ(unary(UnaryKind::tanh, {-kInf, kInf}), (List{-1, 1}));
  EXPECT_EQ(unary(UnaryKind::clip, {kInf, -kInf}, -kInf, 6), (List{6, -kInf}));
  EXPECT_TRUE(std::isnan(unary(UnaryKind::relu, {kNaN})[0]));
  EXPECT_TRUE(std::isnan(unary(UnaryKind::clip, {kNaN}, 0, 6)[0]));
}

TEST(Unary, IntegersWrap) {
  EXPECT_EQ(integer(Unary{UnaryKind::relu}, {longs({2}, {-3, 4})}), (Longs{0, 4}));
  EXPECT_EQ(integer(Unary{UnaryKind::neg}, {longs({2}, {-3, kMin})}), (Longs{3, kMin}));
  EXPECT_EQ(integer(Unary{UnaryKind::abs}, {longs({2}, {-3, kMin})}), (Longs{3, kMin}));
  EXPECT_EQ(integer(Unary{UnaryKind::clip, -1, 1e30f}, {longs({2}, {-3, kMax})}), (Longs{-1, kMax}));
}

TEST(Binary, ByHand) {
  EXPECT_EQ(binary(BinaryKind::add, {1, 2}, {3, 4}), (List{4, 6}));
  EXPECT_EQ(binary(BinaryKind::sub, {1, 2}, {3, 5}), (List{-2, -3}));
  EXPECT_EQ(binary(BinaryKind::mul, {1, 2}, {3, 4}), (List{3, 8}));
  EXPECT_EQ(binary(BinaryKind::div, {1, 2}, {4, 0}), (List{0.25f, kInf}));
  EXPECT_EQ(binary(BinaryKind::pow, {3, 4}, {2, 0.5f}), (List{9, 2}));
  EXPECT_EQ(binary(BinaryKind::min, {1, 5}, {3, 4}), (List{1, 4}));
  EXPECT_EQ(binary(BinaryKind::max, {1, 5}, {3, 4}), (List{3, 5}));
  EXPECT_EQ(binary(BinaryKind::prelu, {-2, 5}, {3, 4}), (List{-6, 5}));
  EXPECT_TRUE(std::isnan(binary(BinaryKind::max, {kNaN}, {1})[0]));
  EXPECT_TRUE(std::isnan(binary(BinaryKind::min, {1}, {kNaN})[0]));
}

TEST(Binary, Broadcasts) {
  EXPECT_EQ(real(Binary{BinaryKind::add}, {counting({2, 1, 3}), floats({2, 1}, {10, 20})}),
            (List{11, 12, 13, 21, 22, 23, 14, 15, 16, 24, 25, 26}));
  EXPECT_EQ(real(Binary{BinaryKind::sub}, {floats({}, {1}), counting({2, 2})}), (List{0, -1, -2, -3}));
  EXPECT_EQ(real(Binary{BinaryKind::mul}, {counting({1, 2, 2, 1}), floats({2, 1, 1}, {1, 10})}), (List{1, 2, 30, 40}));
  EXPECT_EQ(real(Binary{BinaryKind::mul}, {counting({2, 1}), counting({1, 2})}), (List{1, 2, 2, 4}));
}

TEST(Binary, IntegerDivisionTruncatesAndNeverTraps) {
  EXPECT_EQ(integer(Binary{BinaryKind::div}, {longs({6}, {7, -7, 7, 5, kMin, -6}), longs({6}, {2, 2, -2, 0, -1, 3})}),
            (Longs{3, -3, -3, 0, kMin, -2}));
}

TEST(Binary, IntegerArithmeticWraps) {
  EXPECT_EQ(integer(Binary{BinaryKind::add}, {longs({1}, {kMax}), longs({1}, {1})}), (Longs{kMin}));
  EXPECT_EQ(integer(Binary{BinaryKind::mul}, {longs({1}, {kMax}), longs({1}, {2})}), (Longs{-2}));
  EXPECT_EQ(integer(Binary{BinaryKind::pow}, {longs({4}, {3, 2, -1, 0}), longs({4}, {4, -1, -3, 0})}),
            (Longs{81, 0, -1, 1}));
  std::vector<int32_t> big{2147483647};
  Tensor i32 = Tensor::of<int32_t>(DType::i32, {1}, big);
  EXPECT_EQ(values<int32_t>(computed(Binary{BinaryKind::add}, {i32, i32})), (std::vector<int32_t>{-2}));
  EXPECT_EQ(integer(Binary{BinaryKind::add}, {longs({0}, {}), longs({1}, {1})}), (Longs{}));
}

TEST(Binary, FoldingMillionsOfWeightsIsQuick) {
  Tensor weights = counting({512, 512, 3, 3});
  Tensor scale = counting({512, 1, 1, 1});
  auto start = std::chrono::steady_clock::now();
  Result<Tensor> product = evaluate(Binary{BinaryKind::mul}, std::vector<Tensor>{weights, scale});
  Result<Tensor> root = evaluate(Unary{UnaryKind::sqrt}, std::vector<Tensor>{weights});
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(product.ok() && root.ok());
  EXPECT_EQ(product->as<float>()[512 * 9 + 1], 2 * (512 * 9 + 2));
  EXPECT_LT(took.count(), 2.0);  // 30 ms where nothing else runs; the bound allows for sanitizers
}

TEST(BatchNorm, ByHand) {
  expect_near(real(op::BatchNorm{0.0f}, {counting({1, 2, 2}), floats({2}, {2, 3}), floats({2}, {0.5f, -1}),
                                         floats({2}, {1, 4}), floats({2}, {4, 0.25f})}),
              {0.5, 1.5, -7, -1});
}

TEST(Softmax, IsStableAndSumsToOneAlongItsAxis) {
  expect_near(real(op::Softmax{1}, {floats({1, 3}, {1000, 1000, 1000})}), {1.0 / 3, 1.0 / 3, 1.0 / 3});
  double e = std::exp(1.0);
  expect_near(real(op::Softmax{1}, {floats({1, 2, 2}, {0, 5, 1, 5})}), {1 / (1 + e), 0.5, e / (1 + e), 0.5});
  expect_near(real(op::Softmax{0}, {floats({2}, {-1e30f, 0})}), {0, 1});
}

TEST(Lrn, SumsSquaresOfTheChannelsAround) {
  // size 3, alpha 3, beta 1, bias 1: x / (1 + Σ of squares of up to three channels)
  expect_near(real(op::Lrn{3, 3, 1, 1}, {floats({1, 3, 1}, {1, 2, 3})}), {1.0 / 6, 2.0 / 15, 3.0 / 14});
  // An even size reaches one further up than down.
  expect_near(real(op::Lrn{2, 2, 1, 1}, {floats({1, 3, 1}, {1, 2, 3})}), {1.0 / 6, 2.0 / 14, 3.0 / 10});
}

}  // namespace
}  // namespace stretto::ref
