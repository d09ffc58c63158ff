// Types of operators on several element types, and what they refuse.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "op/op.h"

namespace stretto::op {
namespace {

constexpr int64_t kHuge = int64_t{1} << 30;

TensorType f32(Shape shape) {
  return {DType::f32, shape};
}
TensorType i64(Shape shape) {
  return {DType::i64, shape};
}

TensorType type_of(const Attrs& attrs, const std::vector<TensorType>& inputs) {
  Result<TensorType> type = infer(attrs, inputs);
  EXPECT_TRUE(type.ok()) << type.status().message();
  return type.ok() ? *type : TensorType{};
}
bool refused(const Attrs& attrs, const std::vector<TensorType>& inputs) {
  return !infer(attrs, inputs).ok();
}

TEST(InferMap, ComparisonsGiveBooleansAndBroadcast) {
  EXPECT_EQ(type_of(Map{MapKind::less}, {f32({2, 1}), f32({3})}), (TensorType{DType::boolean, {2, 3}}));
  EXPECT_EQ(type_of(Map{MapKind::is_nan}, {f32({2})}), (TensorType{DType::boolean, {2}}));
  EXPECT_TRUE(refused(Map{MapKind::less}, {f32({2}), i64({2})}));
  EXPECT_TRUE(refused(Map{MapKind::less}, {f32({2}), f32({3})}));
  EXPECT_TRUE(refused(Map{MapKind::less}, {f32({2})}));
}

TEST(InferMap, EveryFunctionRefusesTypesItHasNoMeaningFor) {
  EXPECT_TRUE(refused(Map{MapKind::erf}, {i64({2})}));
  EXPECT_TRUE(refused(Map{MapKind::bit_not}, {f32({2})}));
  EXPECT_TRUE(refused(Map{MapKind::shift_left}, {i64({2}), i64({2})}));
  EXPECT_TRUE(refused(Map{MapKind::mod}, {{DType::boolean, {2}}, {DType::boolean, {2}}}));
  EXPECT_TRUE(refused(Map{MapKind::select}, {i64({2}), f32({2}), f32({2})}));
  EXPECT_TRUE(refused(Map{MapKind::elu, NAN}, {f32({2})}));
  EXPECT_TRUE(refused(Map{static_cast<MapKind>(200)}, {f32({2})}));
}

TEST(InferMap, BroadcastingCannotOverflow) {
  EXPECT_TRUE(refused(Map{MapKind::equal}, {f32({kHuge, 1}), f32({kHuge})}));
}

TEST(InferTopK, KLiesWithinTheAxis) {
  EXPECT_EQ(type_of(TopK{1, 3}, {f32({2, 5})}), i64({2, 3}));
  EXPECT_TRUE(refused(TopK{1, 6}, {f32({2, 5})}));
  EXPECT_TRUE(refused(TopK{1, 0}, {f32({2, 5})}));
  EXPECT_TRUE(refused(TopK{2, 1}, {f32({2, 5})}));
}

TEST(InferScatter, RowsMustFit) {
  EXPECT_EQ(type_of(Scatter{}, {f32({4, 3}), i64({2}), f32({2, 3})}), f32({4, 3}));
  EXPECT_TRUE(refused(Scatter{}, {f32({4, 3}), i64({2}), f32({2, 4})}));
  EXPECT_TRUE(refused(Scatter{}, {f32({4, 3}), f32({2}), f32({2, 3})}));
  EXPECT_TRUE(refused(Scatter{}, {f32({}), i64({2}), f32({2})}));
  EXPECT_TRUE(refused(Scatter{ScatterKind::add}, {{DType::u8, {4}}, i64({2}), {DType::u8, {2}}}));
}

TEST(InferPoolIndices, OnlyMaximaHavePositions) {
  const Pool pool{PoolKind::max, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}};
  EXPECT_EQ(type_of(PoolIndices{pool}, {f32({1, 2, 4, 6})}), i64({1, 2, 2, 3}));
  Pool average = pool;
  average.kind = PoolKind::average;
  EXPECT_TRUE(refused(PoolIndices{average}, {f32({1, 2, 4, 6})}));
}

TEST(InferGridSample, GridAndSourceMustFit) {
  EXPECT_EQ(type_of(GridSample{}, {f32({2, 3, 4, 5}), f32({2, 6, 7, 2})}), f32({2, 3, 6, 7}));
  EXPECT_EQ(type_of(GridSample{}, {f32({2, 3, 4, 5, 6}), f32({2, 6, 7, 8, 3})}), f32({2, 3, 6, 7, 8}));
  EXPECT_TRUE(refused(GridSample{GridMode::cubic}, {f32({2, 3, 4, 5, 6}), f32({2, 6, 7, 8, 3})}));
  EXPECT_TRUE(refused(GridSample{}, {f32({2, 3, 4, 5}), f32({1, 6, 7, 2})}));
  EXPECT_TRUE(refused(GridSample{}, {f32({2, 3, 4, 5}), f32({2, 6, 7, 3})}));
  EXPECT_TRUE(refused(GridSample{}, {f32({1, kHuge, 4, 5}), f32({1, kHuge, 7, 2})}));
}

TEST(InferRoiAlign, SizesAreBounded) {
  const std::vector<TensorType> inputs{f32({1, 3, 9, 9}), f32({5, 4}), i64({5})};
  EXPECT_EQ(type_of(RoiAlign{PoolKind::max, 2, 3}, inputs), f32({5, 3, 2, 3}));
  EXPECT_TRUE(refused(RoiAlign{PoolKind::max, 0, 3}, inputs));
  EXPECT_TRUE(refused(RoiAlign{PoolKind::max, kHuge, kHuge}, inputs));
  EXPECT_TRUE(refused(RoiAlign{PoolKind::max, 2, 3, -1}, inputs));
  EXPECT_TRUE(refused(RoiAlign{PoolKind::max, 2, 3, 0, INFINITY}, inputs));
}

TEST(InferNonMaxSuppression, HasRoomForAllThatCanBeKept) {
  EXPECT_EQ(type_of(NonMaxSuppression{3}, {f32({2, 9, 4}), f32({2, 5, 9})}), i64({30, 3}));
  EXPECT_EQ(type_of(NonMaxSuppression{int64_t{1} << 62}, {f32({2, 9, 4}), f32({2, 5, 9})}), i64({90, 3}));
  EXPECT_TRUE(refused(NonMaxSuppression{0}, {f32({2, 9, 4}), f32({2, 5, 9})}));
  EXPECT_TRUE(refused(NonMaxSuppression{3}, {f32({2, 9, 4}), f32({2, 5, 8})}));
  EXPECT_TRUE(refused(NonMaxSuppression{3, NAN}, {f32({2, 9, 4}), f32({2, 5, 9})}));
}

}  // namespace
}  // namespace stretto::op
