#include "builder/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace stretto {
namespace {

struct CandidatesTest : testing::Test {
  ir::Graph graph;
  ir::ValueId x = graph.add_input("x", {DType::f32, {1, 3, 32, 32}});

  ir::ValueId add(op::Attrs attrs, std::vector<ir::ValueId> inputs) {
    auto value = graph.add_node("n" + std::to_string(graph.node_count()), std::move(attrs), std::move(inputs));
    EXPECT_TRUE(value.ok()) << value.status().message();
    return *value;
  }
  ir::ValueId conv(ir::ValueId input) {
    const int64_t channels = graph.value(input).type.shape[1];
    ir::ValueId weights =
        graph.add_constant("w" + std::to_string(graph.value_count()), Tensor({DType::f32, {16, channels, 3, 3}}));
    return add(op::Conv{{1, 1}, {1, 1}, {1, 1, 1, 1}, 1}, {input, weights});
  }
  ir::ValueId relu(ir::ValueId input) { return add(op::Unary{op::UnaryKind::relu}, {input}); }
  ir::ValueId pool(ir::ValueId input) {
    return add(op::Pool{op::PoolKind::max, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, false, false}, {input});
  }
  /// Whether exactly these nodes, by their numbers, are a candidate.
  bool finds(std::vector<ir::NodeId> nodes, bool fuse = true) const {
    const std::vector<Candidate> found = find_candidates(graph, fuse);
    return std::any_of(found.begin(), found.end(), [&](const Candidate& c) { return c.nodes == nodes; });
  }
};

TEST_F(CandidatesTest, AnIntegerProductTakesTheBoundsOfItsRealValues) {
  const ir::ValueId bytes = graph.add_input("bytes", {DType::u8, {1, 16, 8, 8}});
  const ir::ValueId weights = graph.add_constant("w", Tensor({DType::i8, {16, 16, 1, 1}}));
  const ir::ValueId scales = graph.add_constant("s", Tensor({DType::f32, {16}}));
  const ir::ValueId sums = add(op::ConvInteger{{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, 0}, {bytes, weights});
  graph.add_output(relu(relu(add(op::Dequantize{0, 1}, {sums, scales}))));
  EXPECT_TRUE(finds({0, 1}));
  EXPECT_TRUE(finds({0, 1, 2}));
}

TEST_F(CandidatesTest, AnIntegerProductThatAloneReadsAQuantisationTakesItIn) {
  const ir::ValueId weights = graph.add_constant("w", Tensor({DType::i8, {16, 3, 1, 1}}));
  const ir::ValueId scales = graph.add_constant("s", Tensor({DType::f32, {16}}));
  const ir::ValueId bytes = add(op::Quantize{0.1f, 128, DType::u8}, {x});
  const ir::ValueId sums = add(op::ConvInteger{{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, 128}, {bytes, weights});
  graph.add_output(add(op::Requantize{}, {sums, scales}));
  EXPECT_TRUE(finds({0, 1, 2}));
  EXPECT_TRUE(finds({1, 2}));
  EXPECT_FALSE(finds({0, 1}));
  graph.add_output(bytes);
  EXPECT_FALSE(finds({0, 1, 2}));
}

TEST_F(CandidatesTest, ASingleProductOfRealsEndsThePromiseOfIntegers) {
  EXPECT_FALSE(multiplies_integers_alone(graph));
  const ir::ValueId weights = graph.add_constant("w", Tensor({DType::i8, {16, 3, 1, 1}}));
  const ir::ValueId scales = graph.add_constant("s", Tensor({DType::f32, {16}}));
  const ir::ValueId bytes = add(op::Quantize{0.1f, 128, DType::u8}, {x});
  const ir::ValueId sums = add(op::ConvInteger{{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, 128}, {bytes, weights});
  graph.add_output(pool(add(op::Dequantize{0, 1}, {sums, scales})));
  EXPECT_TRUE(multiplies_integers_alone(graph));
  graph.add_output(conv(x));
  EXPECT_FALSE(multiplies_integers_alone(graph));
}

TEST_F(CandidatesTest, AConvolutionTakesThePoolAfterItsActivation) {
  graph.add_output(relu(pool(relu(conv(x)))));
  EXPECT_TRUE(finds({0, 1, 2}));
  EXPECT_TRUE(finds({0, 1}));
  EXPECT_FALSE(finds({0, 1, 2, 3}));
  EXPECT_FALSE(finds({1, 2}));
  EXPECT_FALSE(finds({0, 1, 2}, false));
}

TEST_F(CandidatesTest, OnePoolAfterAConvolutionIsTakenAndNotASecond) {
  graph.add_output(pool(pool(conv(x))));
  EXPECT_TRUE(finds({0, 1}));
  EXPECT_FALSE(finds({0, 1, 2}));
}

TEST_F(CandidatesTest, APoolIsNotTakenWhenOthersReadWhatItReads) {
  const ir::ValueId y = relu(conv(x));
  graph.add_output(pool(y));
  graph.add_output(conv(y));
  EXPECT_TRUE(finds({0, 1}));
  EXPECT_FALSE(finds({0, 1, 2}));
}

TEST_F(CandidatesTest, APoolIsNotTakenWhenTheCallerReadsWhatItReads) {
  const ir::ValueId y = conv(x);
  graph.add_output(y);
  graph.add_output(pool(y));
  EXPECT_FALSE(finds({0, 1}));
}

}  // namespace
}  // namespace stretto
