#include "builder/type_units.h"

#include "kernels/cpu/tables.h"
#include "quantize/testing.h"

namespace stretto {
namespace {

using op::BinaryKind;
using op::UnaryKind;
using quantize::testing::Build;
using quantize::testing::recipe_for;

Shape maps_of(int64_t channels) {
  return {1, channels, 8, 8};
}

/// Units of a graph by the covers that estimates give, each conversion taken to cost a millisecond to integers and two
/// to reals.
TypeUnits units_of(const ir::Graph& graph, const quantize::Recipe& recipe) {
  SelectorOptions options;
  options.isa = Isa::scalar;
  options.mode = SelectMode::heuristic;
  Selector selector(cpu_tactic_tables(), options, nullptr);
  auto quantised = quantize::apply(graph, recipe);
  EXPECT_TRUE(quantised.ok()) << quantised.status().message();
  auto narrow = choose_cover(quantised->graph, selector, {}), wide = choose_cover(graph, selector, {});
  EXPECT_TRUE(narrow.ok() && wide.ok());
  const auto roles = quantize::plan_types(graph).roles;
  const TypedCovers covers{
      graph, quantised->graph, *narrow, graph, *wide, quantize::integer_nodes(graph, roles, recipe.nodes)};
  auto units =
      find_units(covers, [](const TensorType&, bool to_integer) -> Result<double> { return to_integer ? 1e-3 : 2e-3; });
  EXPECT_TRUE(units.ok()) << units.status().message();
  return *units;
}

/// The value that goes from one unit (or the outside) to exactly these.
const MixValue* value_between(const TypeUnits& units, int maker, const std::vector<int>& readers) {
  for (const MixValue& v : units.problem.values) {
    if (v.maker == maker && v.readers == readers) return &v;
  }
  return nullptr;
}

TEST(TypeUnits, AProductAndItsActivationAreOneAndValuesPassBetween) {
  Build b;
  const ir::ValueId first = b.unary(UnaryKind::relu, b.conv(b.input(maps_of(8)), 8, 3, 1));
  const ir::Graph graph = b.output(b.conv(first, 8, 3, 2));
  const TypeUnits units = units_of(graph, recipe_for(graph));
  ASSERT_EQ(units.nodes.size(), 2u);
  EXPECT_EQ(units.nodes[0].size(), 2u);
  EXPECT_EQ(units.nodes[1].size(), 1u);
  for (const MixUnit& unit : units.problem.units) {
    EXPECT_GT(unit.integer_s, 0);
    EXPECT_GT(unit.real_s, 0);
  }
  ASSERT_EQ(units.problem.values.size(), 3u);
  const MixValue *in = value_between(units, -1, {0}), *mid = value_between(units, 0, {1}),
                 *out = value_between(units, 1, {-1});
  ASSERT_TRUE(in != nullptr && mid != nullptr && out != nullptr);
  EXPECT_EQ(in->to_integer_s, 1e-3);
  EXPECT_EQ(mid->to_real_s, 2e-3);
  EXPECT_LT(out->to_real_s, 1e-6) << "a product's sums are written as reals at once";
}

TEST(TypeUnits, AnAdditionBelongsToTheProductThatItTakesIn) {
  Build b;
  const ir::ValueId x = b.unary(UnaryKind::relu, b.conv(b.input(maps_of(8)), 8, 3, 1));
  const ir::ValueId sum = b.unary(UnaryKind::relu, b.node(op::Binary{BinaryKind::add}, {b.conv(x, 8, 3, 2), x}));
  const ir::Graph graph = b.output(b.conv(sum, 8, 3, 3));
  const TypeUnits units = units_of(graph, recipe_for(graph));
  ASSERT_EQ(units.nodes.size(), 3u);
  EXPECT_EQ(units.nodes[1].size(), 3u) << "conv, add, relu";
  EXPECT_NE(value_between(units, 0, {1}), nullptr) << "read twice within one unit";
}

TEST(TypeUnits, WhatTheRecipeHoldsRealIsOutside) {
  Build b;
  const ir::ValueId v = b.unary(UnaryKind::relu, b.conv(b.input(maps_of(8)), 8, 3, 1));
  const ir::Graph graph = b.output(b.conv(b.unary(UnaryKind::relu, b.conv(v, 8, 3, 2)), 8, 3, 3));
  quantize::Recipe recipe = recipe_for(graph);
  const ir::NodeId middle = graph.topological_order()[2];
  ASSERT_TRUE(std::holds_alternative<op::Conv>(graph.node(middle).attrs));
  recipe.nodes[graph.node(middle).name] = {quantize::NodeType::fp32, ""};
  const TypeUnits units = units_of(graph, recipe);
  ASSERT_EQ(units.nodes.size(), 2u);
  EXPECT_NE(value_between(units, 0, {-1}), nullptr);
  EXPECT_NE(value_between(units, -1, {1}), nullptr);
}

}  // namespace
}  // namespace stretto
