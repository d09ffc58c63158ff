#include "ir/graph.h"

#include <gtest/gtest.h>

#include "ir/testing.h"

namespace stretto::ir {
namespace {

using op::BinaryKind;
using op::UnaryKind;
using testing::Build;

Build residual_block() {
  Build b;
  ValueId x = b.input({1, 4, 5, 5});
  ValueId c = b.conv(x, 4, 3, 1);
  ValueId r = b.unary(UnaryKind::relu, c);
  b.output(b.binary(BinaryKind::add, r, x));
  return b;
}

TEST(Graph, users_and_sole_user) {
  Build b = residual_block();
  Graph& g = b.graph();
  ValueId x = g.inputs()[0];
  EXPECT_EQ(g.users(x).size(), 2u);
  EXPECT_EQ(g.sole_user(x), kNone);
  ValueId conv = g.node(0).output;
  EXPECT_EQ(g.sole_user(conv), 1);
  EXPECT_EQ(g.sole_user(g.outputs()[0]), kNone);
  EXPECT_TRUE(verify(g).ok());
}

TEST(Graph, a_node_that_reads_a_value_twice_is_one_user) {
  Build b;
  ValueId x = b.input({2, 2});
  b.output(b.binary(BinaryKind::mul, x, x));
  EXPECT_EQ(b.graph().users(x), std::vector<NodeId>{0});
}

TEST(Graph, order_has_producers_first_after_rewrites) {
  Build b = residual_block();
  Graph& g = b.graph();
  ValueId late = b.unary(UnaryKind::sigmoid, g.node(0).output);
  ASSERT_TRUE(g.replace_node(1, op::Unary{UnaryKind::relu}, {late}).ok());
  EXPECT_EQ(g.topological_order(), (std::vector<NodeId>{0, 3, 1, 2}));
  EXPECT_TRUE(verify(g).ok());
}

TEST(Graph, a_cycle_is_found) {
  Build b = residual_block();
  Graph& g = b.graph();
  ASSERT_TRUE(g.replace_node(1, op::Unary{UnaryKind::relu}, {g.outputs()[0]}).ok());
  Status s = verify(g);
  EXPECT_FALSE(s.ok());
  EXPECT_NE(s.message().find("cycle"), std::string::npos) << s.message();
}

TEST(Graph, names_that_exist_get_a_suffix_and_values_and_nodes_have_their_own) {
  Graph g;
  ValueId x = g.add_input("x", {DType::f32, {2}});
  ValueId first = *g.add_node("relu", op::Unary{}, {x}, "relu");
  ValueId second = *g.add_node("relu", op::Unary{}, {x}, "relu");
  EXPECT_EQ(g.value(first).name, "relu");
  EXPECT_EQ(g.value(second).name, "relu_1");
  EXPECT_EQ(g.node(1).name, "relu_1");
  g.rename_value(second, "relu");
  EXPECT_EQ(g.find_value("relu"), second);
  EXPECT_TRUE(verify(g).ok());
}

TEST(Graph, a_node_that_does_not_fit_is_refused_by_name) {
  Graph g;
  ValueId x = g.add_input("x", {DType::f32, {2, 3}});
  auto r = g.add_node("bad", op::Transpose{{0}}, {x});
  ASSERT_FALSE(r.ok());
  EXPECT_NE(r.status().message().find("node 'bad'"), std::string::npos);
  EXPECT_EQ(g.node_count(), 0);
}

TEST(Graph, a_replacement_of_another_type_is_refused) {
  Build b = residual_block();
  Status s = b.graph().replace_node(1, op::Reshape{{4, 25}}, {b.graph().node(0).output});
  EXPECT_FALSE(s.ok());
  EXPECT_TRUE(verify(b.graph()).ok());
}

TEST(Graph, an_output_that_is_replaced_gives_its_name) {
  Build b;
  ValueId x = b.input({2});
  ValueId r = b.unary(UnaryKind::relu, x);
  ValueId y = b.unary(UnaryKind::relu, r);
  Graph g = b.output(y, "result");
  EXPECT_FALSE(g.can_replace(y, x));
  ASSERT_TRUE(g.can_replace(y, r));
  g.replace_uses(y, r);
  EXPECT_EQ(g.remove_dead(), 1);
  EXPECT_EQ(g.outputs()[0], r);
  EXPECT_EQ(g.value(r).name, "result");
  EXPECT_TRUE(verify(g).ok());
}

TEST(Graph, dead_chains_and_their_constants_go) {
  Build b = residual_block();
  Graph& g = b.graph();
  ValueId w = b.scalar(2);
  b.unary(UnaryKind::relu, b.binary(BinaryKind::mul, g.inputs()[0], w));
  EXPECT_EQ(g.remove_dead(), 2);
  EXPECT_FALSE(g.value(w).is_constant());
  EXPECT_EQ(g.remove_dead(), 0);
  EXPECT_TRUE(verify(g).ok());
}

TEST(Graph, a_folded_node_becomes_a_constant_of_its_name) {
  Build b;
  ValueId c = b.constant(testing::floats({2}, {-1, 1}));
  Graph g = b.output(b.unary(UnaryKind::relu, c));
  g.make_constant(0, testing::floats({2}, {0, 1}));
  g.remove_dead();
  EXPECT_TRUE(g.value(g.outputs()[0]).is_constant());
  EXPECT_EQ(g.value(g.outputs()[0]).name, "y");
  EXPECT_TRUE(g.topological_order().empty());
  EXPECT_TRUE(verify(g).ok());
}

TEST(GraphText, parse_reads_what_dump_wrote) {
  Build b = residual_block();
  Graph& g = b.graph();
  g.rename_value(0, "a \"name\" with \\ and \n");
  b.binary(BinaryKind::add, g.outputs()[0], b.scalar(0.1f));
  std::string text = dump(g);
  auto back = parse(text);
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_TRUE(verify(*back).ok());
  EXPECT_EQ(back->node_count(), g.node_count());
  EXPECT_EQ(back->value(back->node(3).inputs[1]).constant.as<float>()[0], 0.1f);
  EXPECT_EQ(back->value(0).name, g.value(0).name);
  auto again = parse(dump(*back));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(dump(*again), dump(*back));
}

TEST(GraphText, damaged_text_is_refused_with_its_line) {
  for (const char* text : {"nonsense", "input \"x", "input \"x\" f32[1x", "input \"x\" f32[99999999999x99999999999]",
                           "output \"x\"", "const \"c\" f32[2] = 1", "const \"c\" u8[2] = 1 2",
                           "const \"c\" f32[1000000x1000000] #0", "input \"x\" f32[2]\ninput \"x\" f32[2]",
                           "input \"x\" f32[2]\nnode \"n\" \"y\" f32[2] nonsense() \"x\"", "input \"\\zz\" f32[2]"}) {
    auto r = parse(text);
    ASSERT_FALSE(r.ok()) << text;
    EXPECT_EQ(r.status().message().rfind("line ", 0), 0u) << r.status().message();
  }
}

TEST(Graph, twenty_thousand_nodes_take_no_time) {
  Build b;
  ValueId v = b.input({1});
  for (int i = 0; i < 20000; ++i) v = b.unary(UnaryKind::relu, v);
  b.output(v);
  EXPECT_EQ(b.graph().topological_order().size(), 20000u);
  EXPECT_TRUE(verify(b.graph()).ok());
}

}  // namespace
}  // namespace stretto::ir
