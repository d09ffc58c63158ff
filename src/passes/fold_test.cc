// What is folded into weights, and what is not.
#include "passes/testing.h"

namespace stretto::passes::testing {
namespace {

struct NormParams {
  std::vector<float> gamma, beta, mean, variance;
};

NormParams norm_params(int64_t channels, unsigned seed) {
  auto draw = [&](unsigned offset, float low, float high) {
    Tensor t = random_floats({channels}, seed + offset, low, high);
    return std::vector<float>(t.as<float>().begin(), t.as<float>().end());
  };
  return {draw(0, 0.5f, 2), draw(1, -1, 1), draw(2, -1, 1), draw(3, 0.2f, 3)};
}

ir::ValueId batch_norm(Build& b, ir::ValueId x, const NormParams& p) {
  auto c = static_cast<int64_t>(p.gamma.size());
  return b.node(op::BatchNorm{1e-3f}, {x, b.constant(floats({c}, p.gamma)), b.constant(floats({c}, p.beta)),
                                       b.constant(floats({c}, p.mean)), b.constant(floats({c}, p.variance))});
}

TEST(FoldBatchNorm, goes_into_conv_weights_and_bias) {
  Build before;
  ir::ValueId x = before.input({2, 3, 6, 6});
  NormParams p = norm_params(4, 5);
  Tensor w = random_floats({4, 3, 3, 3}, 1), bias = random_floats({4}, 2);
  op::Conv conv{{1, 1}, {1, 1}, {1, 1, 1, 1}, 1};
  ir::ValueId c = before.node(conv, {x, before.constant(w), before.constant(bias)});

  Tensor folded_w(w.type()), folded_b(bias.type());
  for (size_t i = 0; i < 4; ++i) {
    double s = p.gamma[i] / std::sqrt(double{p.variance[i]} + double{1e-3f});
    for (size_t k = 0; k < 27; ++k) {
      folded_w.as_mutable<float>()[i * 27 + k] = static_cast<float>(w.as<float>()[i * 27 + k] * s);
    }
    folded_b.as_mutable<float>()[i] = static_cast<float>((double{bias.as<float>()[i]} - p.mean[i]) * s + p.beta[i]);
  }
  Build after;
  ir::ValueId xa = after.input({2, 3, 6, 6});
  expect_rewrite(run_fold_batch_norm, before.output(batch_norm(before, c, p)),
                 after.output(after.node(conv, {xa, after.constant(folded_w), after.constant(folded_b)})));
}

TEST(FoldBatchNorm, the_layer_keeps_the_name_of_the_conv_and_the_value_its_own) {
  ir::Graph g;
  ir::ValueId x = g.add_input("x", {DType::f32, {1, 2, 4, 4}});
  ir::ValueId w = g.add_constant("w", random_floats({2, 2, 1, 1}, 1));
  ir::ValueId c = *g.add_node("conv1", op::Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, {x, w}, "c");
  std::vector<ir::ValueId> in{c};
  for (unsigned i = 0; i < 4; ++i) in.push_back(g.add_constant("p", random_floats({2}, i, 0.5f, 1)));
  ir::ValueId y = *g.add_node("bn1", op::BatchNorm{}, in, "bn1_out");
  g.add_output(*g.add_node("relu1", op::Unary{}, {y}, "y"));
  ASSERT_EQ(*run_fold_batch_norm(g), 1);
  g.remove_dead();
  EXPECT_EQ(g.node(g.producer(y)).name, "conv1");
  EXPECT_EQ(g.value(y).name, "bn1_out");
  EXPECT_EQ(g.find_value("c"), ir::kNone);
  EXPECT_TRUE(ir::verify(g).ok());
}

TEST(FoldBatchNorm, grouped_transposed_convolution_and_gemm_keep_their_values) {
  for (int64_t group : {1, 2}) {
    Build b;
    ir::ValueId x = b.input({1, 4, 3, 3});
    op::ConvTranspose t{{2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}, group};
    ir::ValueId c = b.node(t, {x, b.random({4, 6 / group, 2, 2}, 3)});
    ir::Graph before = b.output(batch_norm(b, c, norm_params(6, 9))), after = before;
    ASSERT_EQ(*run_fold_batch_norm(after), 1);
    EXPECT_EQ(after.remove_dead(), 1);
    EXPECT_LT(error_between(before, after), 1e-5);
  }
  for (bool trans_b : {false, true}) {
    Build b;
    ir::ValueId x = b.input({3, 5});
    ir::ValueId w = b.random(trans_b ? Shape{4, 5} : Shape{5, 4}, 3);
    ir::ValueId c = b.node(op::Gemm{false, trans_b, 0.5f, 2}, {x, w, b.random({1, 4}, 4)});
    ir::Graph before = b.output(batch_norm(b, c, norm_params(4, 9))), after = before;
    ASSERT_EQ(*run_fold_batch_norm(after), 1);
    EXPECT_EQ(after.remove_dead(), 1);
    EXPECT_LT(error_between(before, after), 1e-5);
  }
}

TEST(FoldBatchNorm, a_conv_that_others_read_is_kept_and_the_norm_becomes_mul_and_add) {
  Build b;
  ir::ValueId x = b.input({1, 3, 4, 4});
  ir::ValueId c = b.conv(x, 3, 1, 1);
  ir::ValueId n = batch_norm(b, c, norm_params(3, 2));
  ir::Graph before = b.output(b.binary(BinaryKind::mul, n, c)), after = before;
  ASSERT_EQ(*run_fold_batch_norm(after), 1);
  EXPECT_TRUE(ir::verify(after).ok());
  EXPECT_EQ(after.topological_order().size(), 4u);
  EXPECT_LT(error_between(before, after), 1e-5);
}

TEST(FoldAffine, a_bias_by_channel_goes_into_conv) {
  Build before, after;
  ir::ValueId x = before.input({1, 3, 4, 4});
  ir::ValueId c = before.conv(x, 2, 3, 1);
  before.output(before.binary(BinaryKind::add, before.constant(floats({2, 1, 1}, {3, 4})), c));
  ir::ValueId xa = after.input({1, 3, 4, 4});
  after.output(after.conv(xa, 2, 3, 1, after.constant(floats({2}, {3, 4}))));
  expect_rewrite(run_fold_affine, before.graph(), after.graph());
}

TEST(FoldAffine, a_chain_goes_into_conv_at_once) {
  Build b;
  ir::ValueId v = b.conv(b.input({1, 3, 4, 4}), 2, 3, 1, b.random({2}, 8));
  v = b.binary(BinaryKind::sub, b.scalar(2), v);
  v = b.binary(BinaryKind::mul, v, b.constant(floats({1, 2, 1, 1}, {3, -4})));
  v = b.binary(BinaryKind::div, v, b.scalar(5));
  v = b.unary(UnaryKind::neg, v);
  v = b.unary(UnaryKind::linear, v, 2, 1);
  ir::Graph before = b.output(v), after = before;
  EXPECT_EQ(*run_fold_affine(after), 5);
  EXPECT_EQ(after.remove_dead(), 5);
  EXPECT_LT(error_between(before, after), 1e-5);
}

TEST(FoldAffine, a_bias_goes_into_gemm) {
  Build before, after;
  Tensor w = random_floats({3, 4}, 1), bias = random_floats({4}, 2);
  ir::ValueId x = before.input({2, 3});
  ir::ValueId product = before.node(op::Gemm{}, {x, before.constant(w)});
  before.output(before.binary(BinaryKind::add, product, before.constant(bias)));
  ir::ValueId xa = after.input({2, 3});
  after.output(after.node(op::Gemm{}, {xa, after.constant(w), after.constant(bias)}));
  expect_rewrite(run_fold_affine, before.graph(), after.graph());
}

TEST(FoldAffine, other_constants_and_shared_convolutions_are_left) {
  Build map;
  ir::ValueId c = map.conv(map.input({1, 3, 4, 4}), 2, 3, 1);
  expect_unchanged(run_fold_affine, map.output(map.binary(BinaryKind::add, c, map.random({4, 4}, 1))));
  Build wide;
  c = wide.conv(wide.input({1, 3, 4, 4}), 1, 3, 1);
  expect_unchanged(run_fold_affine, wide.output(wide.binary(BinaryKind::add, c, wide.random({1, 2, 1, 1}, 1))));
  Build shared;
  c = shared.conv(shared.input({1, 3, 4, 4}), 2, 3, 1);
  ir::ValueId half = shared.unary(UnaryKind::linear, c, 0.5f);
  expect_unchanged(run_fold_affine, shared.output(shared.binary(BinaryKind::add, half, c)));
  Build output;
  c = output.conv(output.input({1, 3, 4, 4}), 2, 3, 1);
  output.graph().add_output(c);
  expect_unchanged(run_fold_affine, output.output(output.unary(UnaryKind::neg, c)));
  Build infinite;
  c = infinite.conv(infinite.input({1, 3, 4, 4}), 2, 3, 1);
  expect_unchanged(run_fold_affine, infinite.output(infinite.binary(BinaryKind::div, c, infinite.scalar(0))));
}

TEST(FoldScale, goes_into_the_weights_after_it_even_with_padding) {
  for (int64_t group : {1, 2}) {
    Build b;
    ir::ValueId x = b.input({1, 4, 4, 4});
    ir::ValueId s = b.binary(BinaryKind::mul, x, b.random({1, 4, 1, 1}, 3));
    ir::Graph before = b.output(b.conv(s, 6, 3, 1, b.random({6}, 8), group)), after = before;
    EXPECT_EQ(*run_fold_scale(after), 1);
    EXPECT_EQ(after.remove_dead(), 1);
    EXPECT_LT(error_between(before, after), 1e-5);
  }
  for (bool trans_b : {false, true}) {
    Build b;
    ir::ValueId s = b.binary(BinaryKind::div, b.input({3, 5}), b.random({5}, 3, 1, 2));
    ir::ValueId w = b.random(trans_b ? Shape{4, 5} : Shape{5, 4}, 3);
    ir::Graph before = b.output(b.node(op::Gemm{false, trans_b}, {s, w})), after = before;
    EXPECT_EQ(*run_fold_scale(after), 1);
    EXPECT_LT(error_between(before, after), 1e-5);
  }
  Build transposed;
  ir::ValueId s = transposed.binary(BinaryKind::mul, transposed.input({1, 4, 3, 3}), transposed.random({4, 1, 1}, 3));
  op::ConvTranspose t{{2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}, 2};
  ir::Graph before = transposed.output(transposed.node(t, {s, transposed.random({4, 3, 2, 2}, 3)})), after = before;
  EXPECT_EQ(*run_fold_scale(after), 1);
  EXPECT_LT(error_between(before, after), 1e-5);
}

TEST(FoldScale, a_shift_before_padding_stays) {
  Build b;
  ir::ValueId s = b.binary(BinaryKind::add, b.input({1, 4, 4, 4}), b.random({1, 4, 1, 1}, 3));
  expect_unchanged(run_fold_scale, b.output(b.conv(s, 6, 3, 1)));
}

TEST(MergeAffine, arithmetic_by_numbers_becomes_one_linear) {
  Build before, after;
  ir::ValueId v = before.binary(BinaryKind::sub, before.input({2, 3}), before.scalar(4));
  v = before.binary(BinaryKind::div, v, before.constant(floats({1, 1}, {2})));
  before.output(before.binary(BinaryKind::sub, before.scalar(1), v));
  after.output(after.unary(UnaryKind::linear, after.input({2, 3}), -0.5f, 3));
  expect_rewrite(run_merge_affine, before.graph(), after.graph());
}

TEST(MergeAffine, scales_by_channel_become_one_mul) {
  Build before, after;
  ir::ValueId v =
      before.binary(BinaryKind::mul, before.input({1, 2, 3, 3}), before.constant(floats({2, 1, 1}, {2, 3})));
  before.output(before.binary(BinaryKind::div, v, before.constant(floats({1, 2, 1, 1}, {4, 2}))));
  ir::ValueId xa = after.input({1, 2, 3, 3});
  after.output(after.binary(BinaryKind::mul, xa, after.constant(floats({1, 2, 1, 1}, {0.5f, 1.5f}))));
  expect_rewrite(run_merge_affine, before.graph(), after.graph());
}

TEST(MergeAffine, a_scale_and_a_shift_by_channel_stay_two) {
  Build b;
  ir::ValueId v = b.binary(BinaryKind::mul, b.input({1, 2, 3, 3}), b.random({2, 1, 1}, 1));
  expect_unchanged(run_merge_affine, b.output(b.binary(BinaryKind::add, v, b.random({2, 1, 1}, 2))));
}

TEST(LowerMatmul, matrices_with_constant_weights_become_gemm) {
  Build before, after;
  Tensor w = random_floats({3, 4}, 1);
  before.output(before.node(op::MatMul{}, {before.input({2, 3}), before.constant(w)}));
  after.output(after.node(op::Gemm{}, {after.input({2, 3}), after.constant(w)}));
  expect_rewrite(run_lower_matmul, before.graph(), after.graph());
  Build batched;
  ir::ValueId x = batched.input({2, 2, 3});
  expect_unchanged(run_lower_matmul, batched.output(batched.node(op::MatMul{}, {x, batched.constant(w)})));
}

TEST(FoldConstants, what_reads_constants_alone_is_computed) {
  Build before, after;
  ir::ValueId c = before.binary(BinaryKind::add, before.constant(floats({2}, {1, 2})), before.scalar(1));
  before.output(before.binary(BinaryKind::mul, before.input({2}), before.unary(UnaryKind::neg, c)));
  after.output(after.binary(BinaryKind::mul, after.input({2}), after.constant(floats({2}, {-2, -3}))));
  expect_rewrite(run_fold_constants, before.graph(), after.graph());
}

TEST(FoldConstants, what_would_swell_stays) {
  Build b;
  ir::ValueId c = b.node(op::Expand{{17 << 20}}, {b.scalar(1)});
  ir::Graph g = b.output(c);
  EXPECT_EQ(*run_fold_constants(g), 0);
}

}  // namespace
}  // namespace stretto::passes::testing
