#include "ref/test_tensors.h"

namespace stretto::ref {
namespace {

using op::Gemm, op::MatMul, op::Reduce, op::ReduceKind;
using List = std::vector<float>;

TEST(Gemm, ByHandInEveryTransposition) {
  Tensor a = floats({2, 3}, {1, 2, 3, 4, 5, 6}), at = floats({3, 2}, {1, 4, 2, 5, 3, 6});
  Tensor b = floats({3, 2}, {7, 8, 9, 10, 11, 12}), bt = floats({2, 3}, {7, 9, 11, 8, 10, 12});
  List want{58, 64, 139, 154};
  EXPECT_EQ(real(Gemm{false, false}, {a, b}), want);
  EXPECT_EQ(real(Gemm{true, false}, {at, b}), want);
  EXPECT_EQ(real(Gemm{false, true}, {a, bt}), want);
  EXPECT_EQ(real(Gemm{true, true}, {at, bt}), want);
}

TEST(Gemm, ScalesAndAddsABroadcastC) {
  Tensor a = floats({2, 1}, {1, 2}), b = floats({1, 2}, {3, 4});
  EXPECT_EQ(real(Gemm{false, false, 2, 0.5f}, {a, b, floats({2}, {10, 20})}), (List{11, 18, 17, 26}));
  EXPECT_EQ(real(Gemm{false, false, 1, 1}, {a, b, floats({2, 1}, {10, 20})}), (List{13, 14, 26, 28}));
  EXPECT_EQ(real(Gemm{false, false, 1, 1}, {a, b, floats({}, {1})}), (List{4, 5, 7, 9}));
}

TEST(MatMul, BatchesBroadcastAndVectorsJoinIn) {
  Tensor a = counting({2, 1, 1, 2}), b = counting({2, 2, 1});
  EXPECT_EQ(real(MatMul{}, {a, b}), (List{5, 11, 11, 25}));
  EXPECT_EQ(real(MatMul{}, {counting({2}), counting({2})}), (List{5}));
  EXPECT_EQ(real(MatMul{}, {counting({2}), counting({2, 3})}), (List{9, 12, 15}));
  EXPECT_EQ(real(MatMul{}, {counting({3, 2}), counting({2})}), (List{5, 11, 17}));
  EXPECT_EQ(real(MatMul{}, {counting({2, 2}), counting({2, 2, 1})}), (List{5, 11, 11, 25}));
}

TEST(Reduce, ByHand) {
  Tensor x = counting({2, 3, 2});
  EXPECT_EQ(real(Reduce{ReduceKind::sum, {0, 2}, true}, {x}), (List{18, 26, 34}));
  EXPECT_EQ(real(Reduce{ReduceKind::mean, {1}, false}, {x}), (List{3, 4, 9, 10}));
  EXPECT_EQ(real(Reduce{ReduceKind::max, {0, 1, 2}, false}, {x}), (List{12}));
  EXPECT_EQ(real(Reduce{ReduceKind::min, {2}, true}, {x}), (List{1, 3, 5, 7, 9, 11}));
  EXPECT_EQ(real(Reduce{ReduceKind::sum, {}, true}, {counting({2})}), (List{1, 2}));
  EXPECT_EQ(real(Reduce{ReduceKind::max, {1}, true}, {floats({1, 2}, {-3, -2})}), (List{-2}));
}

TEST(Reduce, Integers) {
  EXPECT_EQ(integer(Reduce{ReduceKind::mean, {0}, false}, {longs({2}, {-3, -4})}), (std::vector<int64_t>{-3}));
  EXPECT_EQ(integer(Reduce{ReduceKind::max, {0}, false}, {longs({2}, {-3, -4})}), (std::vector<int64_t>{-3}));
}

TEST(Products, AllFloatingPointTypesAgreeOnSmallIntegers) {
  for (DType dtype : {DType::f16, DType::bf16, DType::f64}) {
    Tensor a = computed(op::Cast{dtype}, {counting({2, 3})}), b = computed(op::Cast{dtype}, {counting({3, 2})});
    Tensor product = computed(op::Cast{DType::f32}, {computed(MatMul{}, {a, b})});
    EXPECT_EQ(values<float>(product), (List{22, 28, 49, 64})) << name_of(dtype);
  }
}

}  // namespace
}  // namespace stretto::ref
