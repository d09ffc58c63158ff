// Operators on inputs of several types, on numbers worked out by hand.
#include <cmath>

#include "ref/test_tensors.h"

namespace stretto::ref {
namespace {

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;

TEST(Map, ModTakesTheSignOfTheDivisorAndRemainderOfTheDividend) {
  const Tensor x = longs({4}, {-4, 7, 5, -7}), y = longs({4}, {3, -3, 0, -1});
  EXPECT_EQ(integer(op::Map{op::MapKind::mod}, {x, y}), (Ints{2, -2, 0, 0}));
  EXPECT_EQ(integer(op::Map{op::MapKind::remainder}, {x, y}), (Ints{-1, 1, 0, 0}));
}

TEST(Map, SelectBroadcastsAllThree) {
  const Tensor condition = Tensor::of<uint8_t>(DType::boolean, {2, 1}, std::vector<uint8_t>{1, 0});
  EXPECT_EQ(real(op::Map{op::MapKind::select}, {condition, floats({2}, {1, 2}), floats({}, {9})}),
            (Floats{1, 2, 9, 9}));
}

TEST(Map, UnsignedNumbersCompareAsSuch) {
  const Tensor big = Tensor::of<uint64_t>(DType::u64, {1}, std::vector<uint64_t>{~uint64_t{0}});
  const Tensor one = Tensor::of<uint64_t>(DType::u64, {1}, std::vector<uint64_t>{1});
  EXPECT_EQ(values<uint8_t>(computed(op::Map{op::MapKind::less}, {one, big})), (std::vector<uint8_t>{1}));
}

TEST(Map, SoftplusOfLargeNumbersDoesNotOverflow) {
  expect_near(real(op::Map{op::MapKind::softplus}, {floats({3}, {0, 1000, -1000})}), {0.6931472, 1000, 0});
}

TEST(Cumulate, ExclusiveAndReverse) {
  const Tensor x = longs({4}, {1, 2, 3, 4});
  EXPECT_EQ(integer(op::Cumulate{op::CumulateKind::sum, 0, false, false}, {x}), (Ints{1, 3, 6, 10}));
  EXPECT_EQ(integer(op::Cumulate{op::CumulateKind::sum, 0, true, false}, {x}), (Ints{0, 1, 3, 6}));
  EXPECT_EQ(integer(op::Cumulate{op::CumulateKind::sum, 0, true, true}, {x}), (Ints{9, 7, 4, 0}));
  EXPECT_EQ(integer(op::Cumulate{op::CumulateKind::product, 0, false, true}, {x}), (Ints{24, 24, 12, 4}));
}

TEST(TopK, EqualElementsKeepTheirOrderAndNotANumberComesLast) {
  const Tensor x = floats({5}, {1, NAN, 3, 3, 2});
  EXPECT_EQ(integer(op::TopK{0, 4, true}, {x}), (Ints{2, 3, 4, 0}));
  EXPECT_EQ(integer(op::TopK{0, 5, false}, {x}), (Ints{0, 4, 2, 3, 1}));
}

TEST(Scatter, UpdatesJoinInOrderAndOutsideOnesDoNothing) {
  const Tensor data = floats({3, 1}, {1, 2, 3}), indices = longs({4}, {0, -1, 0, 7}),
               updates = floats({4, 1}, {5, 6, 7, 8});
  EXPECT_EQ(real(op::Scatter{op::ScatterKind::replace}, {data, indices, updates}), (Floats{7, 2, 6}));
  EXPECT_EQ(real(op::Scatter{op::ScatterKind::add}, {data, indices, updates}), (Floats{13, 2, 9}));
}

TEST(PoolIndices, CountInTheWholeTensorAndTheFirstOfEqualsWins) {
  const op::PoolIndices pool{{op::PoolKind::max, {2}, {2}, {1}, {0, 0}}};
  EXPECT_EQ(integer(pool, {floats({1, 2, 4}, {1, 1, 3, 4, 9, 8, 7, 7})}), (Ints{0, 3, 4, 6}));
}

TEST(NonMaxSuppression, BestFirstThenRowsOfMinusOne) {
  const Tensor boxes = floats({1, 3, 4}, {0, 0, 2, 2, 0, 0, 2, 1.9f, 5, 5, 6, 6});
  const Tensor scores = floats({1, 1, 3}, {0.5f, 0.9f, 0.7f});
  EXPECT_EQ(integer(op::NonMaxSuppression{3, 0.5f, 0, false}, {boxes, scores}), (Ints{0, 0, 1, 0, 0, 2, -1, -1, -1}));
}

}  // namespace
}  // namespace stretto::ref
