// Identities, reshapes, transposes, pads, reductions and duplicates.
#include <limits>

#include "passes/testing.h"

namespace stretto::passes::testing {
namespace {

const Shape kShape{2, 3, 4, 4};

ir::Graph relu_relu() {
  Build b;
  return b.output(b.unary(UnaryKind::tanh, b.unary(UnaryKind::abs, b.input(kShape))));
}

/// abs(x), then what `middle` adds, then tanh.
template <class Middle>
ir::Graph between(Middle middle) {
  Build b;
  return b.output(b.unary(UnaryKind::tanh, middle(b, b.unary(UnaryKind::abs, b.input(kShape)))));
}

TEST(RemoveIdentity, every_operator_that_does_nothing) {
  const op::Attrs nothing[] = {
      op::Reshape{kShape},
      op::Transpose{{0, 1, 2, 3}},
      op::Expand{kShape},
      op::Cast{DType::f32},
      op::Slice{{0, 0, 0, 0}, {1, 1, 1, 1}, kShape},
      op::Pad{op::PadMode::reflect, {0, 0, 0, 0, 0, 0, 0, 0}},
      op::Concat{1},
      op::Unary{UnaryKind::linear, 1, 0},
      op::Pool{op::PoolKind::average, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
      op::Reduce{},
      op::Resize{op::ResizeMode::linear, op::ResizeCoordinate::half_pixel, op::ResizeRounding::floor, kShape}};
  for (const op::Attrs& attrs : nothing) {
    expect_rewrite(run_remove_identity, between([&](Build& b, ir::ValueId v) { return b.node(attrs, {v}); }),
                   relu_relu());
  }
}

TEST(RemoveIdentity, neutral_numbers) {
  for (auto [kind, c] : {std::pair{BinaryKind::add, 0.f},
                         {BinaryKind::sub, 0.f},
                         {BinaryKind::mul, 1.f},
                         {BinaryKind::div, 1.f},
                         {BinaryKind::pow, 1.f}}) {
    auto middle = [k = kind, n = c](Build& b, ir::ValueId v) { return b.binary(k, v, b.scalar(n)); };
    expect_rewrite(run_remove_identity, between(middle), relu_relu());
  }
  for (auto [kind, c] : {std::pair{BinaryKind::sub, 0.f}, {BinaryKind::div, 1.f}, {BinaryKind::pow, 1.f}}) {
    auto middle = [k = kind, n = c](Build& b, ir::ValueId v) { return b.binary(k, b.scalar(n), v); };
    expect_unchanged(run_remove_identity, between(middle));
  }
}

TEST(RemoveIdentity, what_does_something_stays) {
  for (const op::Attrs& attrs :
       {op::Attrs(op::Transpose{{0, 1, 3, 2}}), op::Attrs(op::Reshape{{2, 3, 16}}),
        op::Attrs(op::Slice{{0, 0, 3, 0}, {1, 1, -1, 1}, kShape}), op::Attrs(op::Reduce{op::ReduceKind::mean, {1}})}) {
    expect_unchanged(run_remove_identity, between([&](Build& b, ir::ValueId v) { return b.node(attrs, {v}); }));
  }
}

TEST(RemoveIdentity, an_output_that_is_an_input_keeps_its_copy) {
  Build b;
  ir::ValueId x = b.input(kShape);
  expect_unchanged(run_remove_identity, b.output(b.node(op::Cast{}, {x})));
}

TEST(RemoveIdentity, an_output_of_the_graph_keeps_its_name) {
  Build b;
  ir::ValueId v = b.unary(UnaryKind::abs, b.input(kShape));
  ir::Graph g = b.output(b.node(op::Cast{}, {v}), "result");
  ASSERT_EQ(*run_remove_identity(g), 1);
  EXPECT_EQ(g.value(g.outputs()[0]).name, "result");
  EXPECT_TRUE(ir::verify(g).ok());
}

TEST(MergeReshapes, the_last_shape_stands) {
  Build before, after;
  ir::ValueId v = before.node(op::Reshape{{6, 16}}, {before.input(kShape)});
  before.output(before.node(op::Reshape{{3, 32}}, {before.node(op::Reshape{{96}}, {v})}));
  after.output(after.node(op::Reshape{{3, 32}}, {after.input(kShape)}));
  expect_rewrite(run_merge_reshapes, before.graph(), after.graph());
}

TEST(MergeTransposes, two_become_their_product) {
  Build before, after;
  ir::ValueId v = before.node(op::Transpose{{0, 2, 3, 1}}, {before.input({2, 3, 4, 5})});
  before.output(before.node(op::Transpose{{0, 2, 1, 3}}, {v}));
  after.output(after.node(op::Transpose{{0, 3, 2, 1}}, {after.input({2, 3, 4, 5})}));
  expect_rewrite(run_merge_transposes, before.graph(), after.graph());
}

TEST(MergeTransposes, inverse_pairs_cancel_and_axes_of_one_are_a_reshape) {
  Build pair, kept;
  ir::ValueId v = pair.node(op::Transpose{{0, 2, 3, 1}}, {pair.unary(UnaryKind::abs, pair.input(kShape))});
  ir::Graph g = pair.output(pair.unary(UnaryKind::tanh, pair.node(op::Transpose{{0, 3, 1, 2}}, {v})));
  ASSERT_EQ(*run_merge_transposes(g), 1);
  g.remove_dead();
  expect_rewrite(run_remove_identity, g, relu_relu());
  Build before, after;
  before.output(before.node(op::Transpose{{0, 2, 3, 1}}, {before.input({2, 8, 1, 1})}));
  after.output(after.node(op::Reshape{{2, 1, 1, 8}}, {after.input({2, 8, 1, 1})}));
  expect_rewrite(run_merge_transposes, before.graph(), after.graph());
}

op::Pad spatial_pad(float value = 0) {
  return {op::PadMode::constant, {0, 0, 1, 0, 0, 0, 1, 1}, value};
}

TEST(MergePad, zeros_go_into_conv) {
  Build before, after;
  op::Conv conv{{2, 2}, {1, 1}, {0, 1, 0, 1}, 1};
  Tensor w = random_floats({4, 3, 3, 3}, 1);
  ir::ValueId p = before.node(spatial_pad(), {before.input(kShape)});
  before.output(before.node(conv, {p, before.constant(w)}));
  conv.pads = {1, 1, 1, 2};
  after.output(after.node(conv, {after.input(kShape), after.constant(w)}));
  expect_rewrite(run_merge_pad, before.graph(), after.graph());
}

ir::Graph padded_pool(op::Pool pool, op::Pad pad, bool after_relu = false) {
  Build b;
  ir::ValueId x = b.input(kShape);
  if (after_relu) x = b.unary(UnaryKind::relu, x);
  return b.output(b.node(pool, {b.node(pad, {x})}));
}

ir::Graph plain_pool(op::Pool pool, bool after_relu = false) {
  Build b;
  ir::ValueId x = b.input(kShape);
  if (after_relu) x = b.unary(UnaryKind::relu, x);
  return b.output(b.node(pool, {x}));
}

TEST(MergePad, pools_take_it_where_it_means_the_same) {
  op::Pool average{op::PoolKind::average, {3, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}};
  op::Pool counted = average;
  counted.pads = {1, 0, 1, 1};
  counted.count_include_pad = true;
  expect_rewrite(run_merge_pad, padded_pool(average, spatial_pad()), plain_pool(counted));
  op::Pool largest{op::PoolKind::max, {3, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}}, padded = largest;
  padded.pads = {1, 0, 1, 1};
  expect_rewrite(run_merge_pad, padded_pool(largest, spatial_pad(), true), plain_pool(padded, true));
  float least = -std::numeric_limits<float>::infinity();
  expect_rewrite(run_merge_pad, padded_pool(largest, spatial_pad(least)), plain_pool(padded));
}

TEST(MergePad, what_would_mean_something_else_stays) {
  op::Pool largest{op::PoolKind::max, {3, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}};
  expect_unchanged(run_merge_pad, padded_pool(largest, spatial_pad()));
  op::Pool average{op::PoolKind::average, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}};
  expect_unchanged(run_merge_pad, padded_pool(average, spatial_pad()));
  op::Pool small{op::PoolKind::average, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}};
  expect_unchanged(run_merge_pad, padded_pool(small, spatial_pad()));
  op::Pad reflect{op::PadMode::reflect, {0, 0, 1, 0, 0, 0, 1, 1}};
  op::Pad channels{op::PadMode::constant, {0, 1, 1, 0, 0, 0, 1, 1}};
  for (const op::Pad& pad : {spatial_pad(1), reflect, channels}) {
    Build b;
    expect_unchanged(run_merge_pad, b.output(b.conv(b.node(pad, {b.input(kShape)}), 2, 3, 1)));
  }
}

TEST(ReduceToGlobal, dropped_axes_become_a_reshape) {
  Build before, after;
  before.output(before.node(op::Reduce{op::ReduceKind::mean, {2, 3}, false}, {before.input(kShape)}));
  ir::ValueId r = after.node(op::Reduce{op::ReduceKind::mean, {2, 3}, true}, {after.input(kShape)});
  after.output(after.node(op::Reshape{{2, 3}}, {r}));
  expect_rewrite(run_reduce_to_global, before.graph(), after.graph());
}

TEST(ReduceToGlobal, a_pool_over_the_whole_map_is_a_reduce) {
  for (bool max : {false, true}) {
    op::Pool pool{max ? op::PoolKind::max : op::PoolKind::average, {4, 4}, {1, 1}, {1, 1}, {0, 0, 0, 0}};
    Build after;
    auto kind = max ? op::ReduceKind::max : op::ReduceKind::mean;
    after.output(after.node(op::Reduce{kind, {2, 3}, true}, {after.input(kShape)}));
    expect_rewrite(run_reduce_to_global, plain_pool(pool), after.graph());
    pool.kernel = {4, 3};
    expect_unchanged(run_reduce_to_global, plain_pool(pool));
  }
}

TEST(MergeDuplicates, equal_nodes_are_computed_once) {
  Build before, after;
  ir::ValueId x = before.input(kShape);
  ir::ValueId a = before.unary(UnaryKind::exp, before.unary(UnaryKind::abs, x));
  ir::ValueId b = before.unary(UnaryKind::exp, before.unary(UnaryKind::abs, x));
  before.output(before.binary(BinaryKind::add, a, b));
  ir::ValueId once = after.unary(UnaryKind::exp, after.unary(UnaryKind::abs, after.input(kShape)));
  after.output(after.binary(BinaryKind::add, once, once));
  expect_rewrite(run_merge_duplicates, before.graph(), after.graph());
}

TEST(MergeDuplicates, two_outputs_stay_two) {
  Build b;
  ir::ValueId x = b.input(kShape);
  b.output(b.unary(UnaryKind::abs, x), "first");
  expect_unchanged(run_merge_duplicates, b.output(b.unary(UnaryKind::abs, x), "second"));
}

}  // namespace
}  // namespace stretto::passes::testing
