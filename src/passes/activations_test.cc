// Activations that are written as several nodes, and several that are one.
#include <limits>

#include "passes/testing.h"

namespace stretto::passes::testing {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const Shape kShape{2, 3, 4, 4};

ir::Graph unary_graph(op::Unary unary) {
  Build b;
  return b.output(b.node(unary, {b.input(kShape)}));
}

TEST(RecogniseActivations, swish_in_either_order) {
  for (bool swapped : {false, true}) {
    Build b;
    ir::ValueId x = b.input(kShape), gate = b.unary(UnaryKind::sigmoid, x);
    expect_rewrite(run_recognise_activations,
                   b.output(b.binary(BinaryKind::mul, swapped ? gate : x, swapped ? x : gate)),
                   unary_graph({UnaryKind::swish}));
  }
}

TEST(RecogniseActivations, a_gate_of_another_value_is_no_swish) {
  Build b;
  ir::ValueId x = b.input(kShape), gate = b.unary(UnaryKind::sigmoid, b.unary(UnaryKind::relu, x));
  expect_unchanged(run_recognise_activations, b.output(b.binary(BinaryKind::mul, x, gate)));
}

ir::ValueId relu6_of_shifted(Build& b, ir::ValueId x, float shift = 3) {
  return b.unary(UnaryKind::clip, b.binary(BinaryKind::add, x, b.scalar(shift)), 0, 6);
}

TEST(RecogniseActivations, hard_swish_product_first_then_division) {
  Build b;
  ir::ValueId x = b.input(kShape);
  ir::ValueId product = b.binary(BinaryKind::mul, x, relu6_of_shifted(b, x));
  expect_rewrite(run_recognise_activations, b.output(b.binary(BinaryKind::div, product, b.scalar(6))),
                 unary_graph({UnaryKind::hard_swish}));
}

TEST(RecogniseActivations, hard_swish_division_first_then_product) {
  Build b;
  ir::ValueId x = b.input(kShape);
  ir::ValueId gate = b.binary(BinaryKind::div, relu6_of_shifted(b, x), b.scalar(6));
  expect_rewrite(run_recognise_activations, b.output(b.binary(BinaryKind::mul, gate, x)),
                 unary_graph({UnaryKind::hard_swish}));
}

TEST(RecogniseActivations, hard_swish_with_the_source_divided) {
  Build b;
  ir::ValueId x = b.input(kShape);
  ir::ValueId sixth = b.binary(BinaryKind::mul, b.scalar(1.0f / 6), x);
  expect_rewrite(run_recognise_activations, b.output(b.binary(BinaryKind::mul, sixth, relu6_of_shifted(b, x))),
                 unary_graph({UnaryKind::hard_swish}));
}

TEST(RecogniseActivations, hard_swish_from_hard_sigmoid) {
  Build b;
  ir::ValueId x = b.input(kShape), gate = b.unary(UnaryKind::hard_sigmoid, x, 1.0f / 6, 0.5f);
  expect_rewrite(run_recognise_activations, b.output(b.binary(BinaryKind::mul, x, gate)),
                 unary_graph({UnaryKind::hard_swish}));
}

TEST(RecogniseActivations, another_shift_is_no_hard_swish) {
  Build b;
  ir::ValueId x = b.input(kShape);
  ir::ValueId product = b.binary(BinaryKind::mul, x, relu6_of_shifted(b, x, 2));
  expect_unchanged(run_recognise_activations, b.output(b.binary(BinaryKind::div, product, b.scalar(6))));
  Build slope;
  x = slope.input(kShape);
  ir::ValueId gate = slope.unary(UnaryKind::hard_sigmoid, x, 0.2f, 0.5f);
  expect_unchanged(run_recognise_activations, slope.output(slope.binary(BinaryKind::mul, x, gate)));
}

TEST(RecogniseActivations, hard_sigmoid_by_clip_and_division) {
  Build b;
  ir::ValueId gate = b.binary(BinaryKind::div, relu6_of_shifted(b, b.input(kShape)), b.scalar(6));
  expect_rewrite(run_recognise_activations, b.output(gate), unary_graph({UnaryKind::hard_sigmoid, 1.0f / 6, 0.5f}));
  Build inner;
  ir::ValueId line = inner.unary(UnaryKind::linear, inner.input(kShape), 0.2f, 0.5f);
  expect_rewrite(run_recognise_activations, inner.output(inner.unary(UnaryKind::clip, line, 0, 1)),
                 unary_graph({UnaryKind::hard_sigmoid, 0.2f, 0.5f}));
}

TEST(RecogniseActivations, leaky_relu_from_prelu_and_from_maximum) {
  Build prelu;
  ir::ValueId x = prelu.input(kShape);
  ir::ValueId slope = prelu.constant(filled({3, 1, 1}, 0.25f));
  expect_rewrite(run_recognise_activations, prelu.output(prelu.binary(BinaryKind::prelu, x, slope)),
                 unary_graph({UnaryKind::leaky_relu, 0.25f}));
  Build maximum;
  x = maximum.input(kShape);
  ir::ValueId less = maximum.binary(BinaryKind::mul, x, maximum.scalar(0.1f));
  expect_rewrite(run_recognise_activations, maximum.output(maximum.binary(BinaryKind::max, less, x)),
                 unary_graph({UnaryKind::leaky_relu, 0.1f}));
  Build steep;
  x = steep.input(kShape);
  less = steep.binary(BinaryKind::mul, x, steep.scalar(2));
  expect_unchanged(run_recognise_activations, steep.output(steep.binary(BinaryKind::max, less, x)));
  Build by_channel;
  x = by_channel.input(kShape);
  expect_unchanged(run_recognise_activations,
                   by_channel.output(by_channel.binary(BinaryKind::prelu, x, by_channel.random({3, 1, 1}, 1))));
}

TEST(MergeActivations, plain_forms) {
  Build clip;
  expect_rewrite(run_merge_activations, clip.output(clip.unary(UnaryKind::clip, clip.input(kShape), 0, kInfinity)),
                 unary_graph({UnaryKind::relu}));
  Build largest;
  float most = std::numeric_limits<float>::max();
  expect_rewrite(run_merge_activations, largest.output(largest.unary(UnaryKind::clip, largest.input(kShape), 0, most)),
                 unary_graph({UnaryKind::relu}));
  Build maximum;
  ir::ValueId zero = maximum.scalar(0);
  expect_rewrite(run_merge_activations, maximum.output(maximum.binary(BinaryKind::max, maximum.input(kShape), zero)),
                 unary_graph({UnaryKind::relu}));
  Build both;
  ir::ValueId v = both.binary(BinaryKind::max, both.scalar(-1), both.input(kShape));
  expect_rewrite(run_merge_activations, both.output(both.binary(BinaryKind::min, v, both.scalar(2))),
                 unary_graph({UnaryKind::clip, -1, 2}));
}

TEST(MergeActivations, a_maximum_that_broadcasts_stays) {
  Build b;
  ir::ValueId zero = b.constant(filled({2, 3}, 0));
  expect_unchanged(run_merge_activations, b.output(b.binary(BinaryKind::max, b.input({3}), zero)));
}

TEST(MergeActivations, ranges_in_a_row) {
  Build relu6;
  ir::ValueId v = relu6.unary(UnaryKind::relu, relu6.input(kShape));
  expect_rewrite(run_merge_activations, relu6.output(relu6.unary(UnaryKind::clip, v, -1, 6)),
                 unary_graph({UnaryKind::clip, 0, 6}));
  Build twice;
  v = twice.unary(UnaryKind::relu, twice.input(kShape));
  expect_rewrite(run_merge_activations, twice.output(twice.unary(UnaryKind::relu, v)), unary_graph({UnaryKind::relu}));
  Build apart;
  v = apart.unary(UnaryKind::clip, apart.input(kShape), -2, -1);
  expect_rewrite(run_merge_activations, apart.output(apart.unary(UnaryKind::clip, v, 1, 2)),
                 unary_graph({UnaryKind::clip, 1, 1}));
}

TEST(MergeActivations, relu_of_what_is_never_negative_goes) {
  Build before, after;
  op::Pool pool{op::PoolKind::max, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}};
  ir::ValueId v = before.node(pool, {before.unary(UnaryKind::sigmoid, before.input(kShape))});
  before.output(before.unary(UnaryKind::exp, before.unary(UnaryKind::relu, v)));
  v = after.node(pool, {after.unary(UnaryKind::sigmoid, after.input(kShape))});
  after.output(after.unary(UnaryKind::exp, v));
  expect_rewrite(run_merge_activations, before.graph(), after.graph());
}

}  // namespace
}  // namespace stretto::passes::testing
