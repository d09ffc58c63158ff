#include "quantize/equalise.h"

#include "quantize/testing.h"

namespace stretto::quantize::testing {
namespace {

using op::BinaryKind;
using op::UnaryKind;

constexpr int kSamples = 8;

/// All that scaling passes through: relu, leaky_relu, a clip, a residual, a concat, pooling, resizing by a transpose, a
/// global average, a gemm; depthwise and grouped readers.
ir::Graph network(unsigned seed) {
  Build b;
  ir::ValueId x = b.unary(UnaryKind::relu, b.conv(b.input({1, 6, 8, 8}), 8, 3, seed, b.random({8}, seed + 1)));
  ir::ValueId y = b.unary(UnaryKind::clip, b.conv(x, 8, 3, seed + 2, b.random({8}, seed + 3), 8), 0, 1);
  y = b.conv(y, 8, 1, seed + 4, b.random({8}, seed + 5));
  ir::ValueId sum = b.binary(BinaryKind::add, y, x);
  ir::ValueId grouped = b.unary(UnaryKind::leaky_relu, b.conv(sum, 8, 3, seed + 6, b.random({8}, seed + 7), 2), 0.1f);
  ir::ValueId both = b.node(op::Concat{1}, {grouped, b.conv(sum, 4, 1, seed + 8)});
  ir::ValueId pooled = b.node(op::Pool{op::PoolKind::max, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}}, {both});
  ir::ValueId up = b.node(op::ConvTranspose{{2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}, 1},
                          {pooled, b.random({12, 6, 2, 2}, seed + 9), b.random({6}, seed + 10)});
  ir::ValueId mean = b.node(op::Reduce{op::ReduceKind::mean, {2, 3}, true}, {b.unary(UnaryKind::relu, up)});
  op::Gemm gemm;
  gemm.trans_b = true;
  ir::ValueId row = b.node(op::Reshape{{1, 6}}, {mean});
  return b.output(b.node(gemm, {row, b.random({7, 6}, seed + 11), b.random({7}, seed + 12)}));
}

Observations observed(const ir::Graph& graph) {
  auto observations = observe(graph, values_to_observe(plan_types(graph)), kSamples, oracle(graph));
  EXPECT_TRUE(observations.ok()) << observations.status().message();
  return *observations;
}

TEST(Equalise, every_way_computes_the_same_floats_on_the_samples_observed) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    const ir::Graph g = network(20 * seed);
    for (const Equalisation& way :
         {Equalisation{2, 2, 4, true}, Equalisation{4, 0, 4, true}, Equalisation{3, 1, 2, false}}) {
      const Factors factors = equalising_factors(g, observed(g), way);
      EXPECT_GE(factors.size(), 4u);
      auto equalised = equalise(g, factors);
      ASSERT_TRUE(equalised.ok()) << equalised.status().message();
      EXPECT_GT(signal_to_noise(g, *equalised), 100) << seed;
      for (const auto& [name, by] : factors) {
        for (float f : by) {
          EXPECT_LE(f, 1);
          EXPECT_GE(f, kLeastFactor);
        }
      }
    }
  }
}

TEST(Equalise, channels_of_a_summand_are_divided_as_the_sum_is) {
  const ir::Graph g = network(3);
  const std::vector<std::vector<float>> divisors = divisors_of(g, equalising_factors(g, observed(g), {}));
  for (ir::NodeId id : g.topological_order()) {
    const ir::Node& node = g.node(id);
    if (!std::holds_alternative<op::Binary>(node.attrs)) continue;
    const auto& sum = divisors[static_cast<size_t>(node.output)];
    EXPECT_FALSE(sum.empty());
    for (ir::ValueId in : node.inputs) EXPECT_EQ(divisors[static_cast<size_t>(in)], sum);
  }
}

TEST(Equalise, what_a_clip_bounds_is_left_where_so_asked) {
  const ir::Graph g = network(5);
  const Factors factors = equalising_factors(g, observed(g), {2, 2, 4, false});
  const std::vector<std::vector<float>> divisors = divisors_of(g, factors);
  for (ir::NodeId id : g.topological_order()) {
    const auto* u = std::get_if<op::Unary>(&g.node(id).attrs);
    if (u == nullptr || u->kind != UnaryKind::clip) continue;
    for (float f : divisors[static_cast<size_t>(g.node(id).output)]) EXPECT_EQ(f, 1);
  }
}

}  // namespace
}  // namespace stretto::quantize::testing
