#include <bit>
#include <cmath>
#include <limits>

#include "ref/test_tensors.h"

namespace stretto::ref {
namespace {

using List = std::vector<float>;
using Longs = std::vector<int64_t>;

TEST(Concat, AlongEachAxis) {
  EXPECT_EQ(real(op::Concat{0}, {counting({1, 2}), counting({2, 2})}), (List{1, 2, 1, 2, 3, 4}));
  EXPECT_EQ(real(op::Concat{1}, {counting({2, 1}), counting({2, 2}), counting({2, 1})}),
            (List{1, 1, 2, 1, 2, 3, 4, 2}));
  EXPECT_EQ(integer(op::Concat{0}, {longs({0}, {}), longs({2}, {5, 6}), longs({0}, {})}), (Longs{5, 6}));
}

TEST(Slice, StepsBothWays) {
  EXPECT_EQ(real(op::Slice{{0, 1}, {1, 2}, {2, 2}}, {counting({2, 4})}), (List{2, 4, 6, 8}));
  EXPECT_EQ(real(op::Slice{{1, 3}, {-1, -3}, {2, 2}}, {counting({2, 4})}), (List{8, 5, 4, 1}));
  EXPECT_EQ(integer(op::Slice{{1}, {1}, {0}}, {longs({1}, {9})}), (Longs{}));
}

TEST(Reshape, SharesTheMemory) {
  Tensor x = counting({2, 3});
  Tensor y = computed(op::Reshape{{3, 2}}, {x});
  EXPECT_EQ(y.data(), x.data());
  EXPECT_EQ(y.shape(), (Shape{3, 2}));
  EXPECT_EQ(computed(op::Reformat{}, {x}).data(), x.data());
}

TEST(Transpose, ByHand) {
  EXPECT_EQ(real(op::Transpose{{1, 0}}, {counting({2, 3})}), (List{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(real(op::Transpose{{2, 0, 1}}, {counting({2, 1, 3})}), (List{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(real(op::Transpose{{0, 2, 1, 3}}, {counting({1, 2, 2, 2})}), (List{1, 2, 5, 6, 3, 4, 7, 8}));
  EXPECT_EQ(real(op::Transpose{{}}, {counting({})}), (List{1}));
}

TEST(Expand, Repeats) {
  EXPECT_EQ(real(op::Expand{{2, 2, 3}}, {counting({2, 1})}), (List{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
  EXPECT_EQ(real(op::Expand{{2}}, {counting({})}), (List{1, 1}));
}

TEST(Gather, CountsNegativeIndicesFromTheEnd) {
  EXPECT_EQ(real(op::Gather{1}, {counting({2, 3}), longs({2}, {-1, 0})}), (List{3, 1, 6, 4}));
  EXPECT_EQ(real(op::Gather{0}, {counting({3, 2}), longs({1, 2}, {2, 1})}), (List{5, 6, 3, 4}));
  EXPECT_EQ(integer(op::Gather{0}, {longs({3}, {7, 8, 9}), longs({}, {1})}), (Longs{8}));
}

TEST(Gather, RefusesAnIndexOutOfRange) {
  EXPECT_FALSE(evaluate(op::Gather{0}, std::vector<Tensor>{counting({3}), longs({1}, {3})}).ok());
  EXPECT_FALSE(evaluate(op::Gather{0}, std::vector<Tensor>{counting({3}), longs({1}, {-4})}).ok());
  int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_FALSE(evaluate(op::Gather{0}, std::vector<Tensor>{counting({3}), longs({1}, {least})}).ok());
}

TEST(Pad, EveryMode) {
  Tensor x = counting({3});
  EXPECT_EQ(real(op::Pad{op::PadMode::constant, {1, 2}, 9}, {x}), (List{9, 1, 2, 3, 9, 9}));
  EXPECT_EQ(real(op::Pad{op::PadMode::reflect, {2, 1}}, {x}), (List{3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(real(op::Pad{op::PadMode::edge, {2, 1}}, {x}), (List{1, 1, 1, 2, 3, 3}));
  EXPECT_EQ(real(op::Pad{op::PadMode::constant, {-1, 1}, 0}, {x}), (List{2, 3, 0}));
  EXPECT_EQ(real(op::Pad{op::PadMode::constant, {0, 1, 1, 0}, 0}, {counting({1, 2})}), (List{0, 1, 2, 0, 0, 0}));
  EXPECT_EQ(integer(op::Pad{op::PadMode::constant, {1, 0}, -7}, {longs({1}, {5})}), (Longs{-7, 5}));
}

TEST(Movement, KeepsEveryBit) {
  std::vector<uint32_t> odd{0x7fa00001, 0x80000000, 0x00000001};  // a signalling NaN, −0, the least subnormal
  Tensor x = Tensor::of<uint32_t>(DType::f32, {3}, odd);
  Result<Tensor> y = evaluate(op::Slice{{2}, {-1}, {3}}, std::vector<Tensor>{x});
  ASSERT_TRUE(y.ok());
  EXPECT_EQ(values<uint32_t>(*y), (std::vector<uint32_t>{0x00000001, 0x80000000, 0x7fa00001}));
}

TEST(Cast, RoundsTruncatesAndWraps) {
  EXPECT_EQ(integer(op::Cast{DType::i64}, {floats({5}, {1.9f, -1.9f, 1e30f, -1e30f, NAN})}),
            (Longs{1, -1, std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(), 0}));
  EXPECT_EQ(real(op::Cast{DType::f32}, {longs({2}, {16777217, -3})}), (List{16777216, -3}));
  Tensor bytes = computed(op::Cast{DType::u8}, {longs({3}, {255, 256, -1})});
  EXPECT_EQ(values<uint8_t>(bytes), (std::vector<uint8_t>{255, 0, 255}));
  Tensor truth = computed(op::Cast{DType::boolean}, {floats({3}, {0, 0.5f, NAN})});
  EXPECT_EQ(values<uint8_t>(truth), (std::vector<uint8_t>{0, 1, 1}));
  Tensor half = computed(op::Cast{DType::f16}, {floats({2}, {2049, 1e6f})});
  EXPECT_EQ(real(op::Cast{DType::f32}, {half}), (List{2048, std::numeric_limits<float>::infinity()}));
}

TEST(Evaluate, RefusesResultsThatWouldTakeTheMachineDown) {
  EXPECT_FALSE(evaluate(op::Expand{{1 << 20, 1 << 19}}, std::vector<Tensor>{counting({1})}).ok());
}

}  // namespace
}  // namespace stretto::ref
