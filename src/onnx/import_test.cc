// What the driver promises: opsets, names and shapes.
#include "onnx/import.h"

#include "onnx/opsets.h"
#include "onnx/testing.h"

namespace stretto::onnx {
namespace {

using namespace testing;

TEST(Opsets, table_is_sorted_and_ranges_do_not_overlap) {
  std::span<const OperatorRow> rows = operator_rows();
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_LE(rows[i].first, rows[i].last) << rows[i].op;
    EXPECT_GE(rows[i].first, kOldestOpset);
    EXPECT_LE(rows[i].last, kNewestOpset);
    if (i == 0) continue;
    EXPECT_LE(rows[i - 1].op, rows[i].op);
    if (rows[i - 1].op == rows[i].op) {
      EXPECT_LT(rows[i - 1].last, rows[i].first) << rows[i].op;
    }
  }
}

TEST(Opsets, versions_outside_the_table_are_refused_by_name) {
  ModelText old(6), future(kNewestOpset + 1), future_ir(17, 99);
  for (ModelText* m : {&old, &future, &future_ir}) {
    m->input("x", {1}).output("y");
    m->node("Relu", {"x"}, {"y"});
  }
  EXPECT_TRUE(mentions(failure(old.import()), {"opset 6", "7 to"}));
  EXPECT_TRUE(mentions(failure(future.import()), {"opset 29"}));
  EXPECT_TRUE(mentions(failure(future_ir.import()), {"IR version 99"}));
  EXPECT_EQ(old.import().status().code(), Code::failed);
}

// --- names

TEST(Import, outputs_and_inputs_keep_their_names) {
  ModelText m;
  m.input("x", {1, 2}).output("y").output("z");
  m.node("Relu", {"x"}, {"y"}, "act");
  m.node("Identity", {"x"}, {"z"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(g->graph.value(g->graph.outputs()[0]).name, "y");
  EXPECT_EQ(g->graph.value(g->graph.outputs()[1]).name, "z");
  EXPECT_EQ(g->graph.value(g->graph.inputs()[0]).name, "x");
  EXPECT_TRUE(ir::verify(g->graph).ok()) << ir::verify(g->graph).message();
}

TEST(Import, identity_and_dropout_vanish_and_the_source_takes_the_name_of_the_output) {
  ModelText m;
  m.input("x", {1, 2}).output("y");
  m.node("Relu", {"x"}, {"a"});
  m.node("Identity", {"a"}, {"b"});
  m.node("Dropout", {"b"}, {"y", "mask"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "relu");
  EXPECT_EQ(g->graph.value(g->graph.outputs()[0]).name, "y");
}

TEST(Import, one_tensor_under_two_output_names) {
  ModelText m;
  m.input("x", {1, 2}).output("y").output("z");
  m.node("Relu", {"x"}, {"y"});
  m.node("Identity", {"y"}, {"z"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(g->graph.value(g->graph.outputs()[0]).name, "y");
  EXPECT_EQ(g->graph.value(g->graph.outputs()[1]).name, "z");
}

TEST(Import, an_output_may_be_a_constant) {
  ModelText m;
  m.input("x", {1}).floats("w", {2}, {1, 2}).output("y").output("w");
  m.node("Relu", {"x"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_TRUE(g->graph.value(g->graph.outputs()[1]).is_constant());
  EXPECT_EQ(g->graph.value(g->graph.outputs()[1]).name, "w");
}

TEST(Import, nodes_with_the_same_name_or_none_are_told_apart) {
  ModelText m;
  m.input("x", {1}).output("y");
  m.node("Relu", {"x"}, {"a"}, "n");
  m.node("Tanh", {"a"}, {"b"}, "n");
  m.node("Abs", {"b"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "relu tanh abs");
  EXPECT_EQ(g->graph.node(0).name, "n");
  EXPECT_EQ(g->graph.node(2).name, "Abs_2");
}

TEST(Import, nodes_may_stand_in_any_order) {
  ModelText m;
  m.input("x", {1}).output("y");
  m.node("Tanh", {"a"}, {"y"});
  m.node("Relu", {"x"}, {"a"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "relu tanh");
}

TEST(Import, nodes_that_no_output_needs_are_removed) {
  ModelText m;
  m.input("x", {1}).output("y");
  m.node("Tanh", {"x"}, {"unused"});
  m.node("Relu", {"x"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "relu");
}

// --- shapes

ModelText two_symbols() {
  ModelText m;
  m.input("x", {-1, 3, -1, 4}).output("y");
  m.node("Relu", {"x"}, {"y"});
  return m;
}

TEST(Shapes, a_symbolic_batch_is_one_and_said) {
  ModelText m;
  m.input("x", {-1, 3}).output("y");
  m.node("Relu", {"x"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(g->graph.value(g->graph.inputs()[0]).type.shape, (Shape{1, 3}));
  EXPECT_TRUE(noted(*g, {"'x'", "'d0'", "taken as 1", "--batch"}));
}

TEST(Shapes, another_symbolic_dimension_needs_the_option) {
  auto g = two_symbols().import();
  EXPECT_TRUE(mentions(failure(g), {"input 'x'", "'d2'", "--shape x:"}));
  EXPECT_EQ(g.status().code(), Code::bad_usage);
}

TEST(Shapes, the_option_overrides_symbolic_and_fixed_dimensions) {
  ASSERT_IMPORTS(g, two_symbols().import({.shapes = {{"x", {2, 5, 6, 7}}}}));
  EXPECT_EQ(g->graph.value(g->graph.inputs()[0]).type.shape, (Shape{2, 5, 6, 7}));
}

TEST(Shapes, a_symbol_settled_for_one_input_holds_for_the_others) {
  ModelText m;
  m.input("x", {-1, 3, -1, 4}).input("z", {-1, 3, -1, 4}).output("y");
  m.node("Add", {"x", "z"}, {"y"});
  ASSERT_IMPORTS(g, m.import({.shapes = {{"x", {2, 3, 9, 4}}}}));
  EXPECT_EQ(g->graph.value(g->graph.inputs()[1]).type.shape, (Shape{2, 3, 9, 4}));
}

TEST(Shapes, batch_sets_the_first_dimension_of_every_input) {
  ModelText m;
  m.input("x", {1, 3}).input("z", {-1, 3}).output("y");
  m.node("Add", {"x", "z"}, {"y"});
  ASSERT_IMPORTS(g, m.import({.batch = 4}));
  EXPECT_EQ(g->graph.value(g->graph.inputs()[0]).type.shape, (Shape{4, 3}));
  EXPECT_EQ(g->graph.value(g->graph.inputs()[1]).type.shape, (Shape{4, 3}));
}

TEST(Shapes, wrong_options_are_bad_usage) {
  EXPECT_TRUE(mentions(failure(two_symbols().import({.shapes = {{"q", {1}}}})), {"no input 'q'", "x"}));
  EXPECT_TRUE(mentions(failure(two_symbols().import({.shapes = {{"x", {1, 2}}}})), {"2 dimensions", "4"}));
  EXPECT_TRUE(mentions(failure(two_symbols().import({.shapes = {{"x", {1, 3, 0, 4}}}})), {"1x3x0x4", "--shape"}));
  EXPECT_EQ(two_symbols().import({.shapes = {{"x", {1, 3, -5, 4}}}}).status().code(), Code::bad_usage);
  EXPECT_EQ(two_symbols().import({.batch = -1}).status().code(), Code::bad_usage);
}

TEST(Shapes, a_reshape_that_pins_the_batch_follows_it) {
  for (const std::vector<int64_t>& target : {std::vector<int64_t>{1, 6}, {1, -1}, {1, 3, 2}}) {
    ModelText m;
    m.input("x", {1, 2, 3}).ints("target", target).output("y");
    m.node("Reshape", {"x", "target"}, {"y"}, "flat");
    ASSERT_IMPORTS(g, m.import({.batch = 4}));
    EXPECT_EQ(g->graph.value(g->graph.outputs()[0]).type.shape[0], 4);
    EXPECT_TRUE(noted(*g, {"'flat'", "batch"}));
  }
}

TEST(Shapes, a_reshape_that_cannot_follow_the_batch_names_its_node) {
  ModelText m;
  m.input("x", {1, 2, 3}).ints("target", {2, 3}).output("y");
  m.node("Reshape", {"x", "target"}, {"y"}, "flat");
  EXPECT_TRUE(mentions(failure(m.import({.batch = 4})), {"node 'flat'", "4x2x3"}));
}

TEST(Shapes, a_computed_target_is_taken_at_its_word) {
  ModelText m;
  m.input("x", {1, 2, 3}).ints("zero", {0}).ints("rest", {-1}).output("y");
  m.node("Shape", {"x"}, {"shape"});
  m.node("Gather", {"shape", "zero"}, {"batch"});
  attribute(m.node("Concat", {"batch", "rest"}, {"target"}), "axis", 0);
  m.node("Reshape", {"x", "target"}, {"y"});
  ASSERT_IMPORTS(g, m.import({.batch = 4}));
  EXPECT_EQ(operators_of(g->graph), "reshape");
  EXPECT_EQ(g->graph.value(g->graph.outputs()[0]).type.shape, (Shape{4, 6}));
  EXPECT_TRUE(g->notes.empty());
}

TEST(Shapes, weights_are_never_taken_for_a_batch) {
  ModelText m;
  m.input("x", {1, 4, 2, 2}).filled("bias", {4}, 1).ints("target", {1, 4, 1, 1}).output("y");
  m.node("Reshape", {"bias", "target"}, {"b"});
  m.node("Add", {"x", "b"}, {"y"});
  ASSERT_IMPORTS(g, m.import({.batch = 4}));
  EXPECT_EQ(operators_of(g->graph), "add");
}

TEST(Shapes, arithmetic_on_known_values_leaves_no_trace) {
  ModelText m;
  m.input("x", {1, 2, 4, 6}).ints("two", {2}).ints("one", {1}).output("y");
  auto& shape = m.node("Shape", {"x"}, {"shape"});
  attribute(shape, "start", 2);
  m.node("Mul", {"shape", "two"}, {"doubled"});
  auto& cast = m.node("Cast", {"doubled"}, {"real"});
  attribute(cast, "to", 1);
  m.node("Floor", {"real"}, {"floored"});
  auto& back = m.node("Cast", {"floored"}, {"whole"});
  attribute(back, "to", 7);
  auto& concat = m.node("Concat", {"one", "two", "whole"}, {"sizes"});
  attribute(concat, "axis", 0);
  auto& resize = m.node("Resize", {"x", "", "", "sizes"}, {"y"});
  attribute(resize, "mode", "nearest");
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "resize");
  EXPECT_EQ(g->graph.value(g->graph.outputs()[0]).type.shape, (Shape{1, 2, 8, 12}));
}

TEST(Shapes, large_constant_results_stay_nodes_yet_serve_shapes) {
  ModelText m;
  m.input("x", {2, 3}).ints("count", {10000}).ints("first", {0}).ints("last", {2}).output("y");
  auto& filled = m.node("ConstantOfShape", {"count"}, {"sevens"});
  auto* value = filled.add_attribute();
  value->set_name("value");
  value->set_type(pb::AttributeProto::TENSOR);
  value->mutable_t()->set_data_type(pb::TensorProto::INT64);
  value->mutable_t()->add_dims(1);
  value->mutable_t()->add_int64_data(1);
  m.node("Slice", {"sevens", "first", "last"}, {"target"});
  m.node("Expand", {"x", "target"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "expand");
}

TEST(Shapes, a_shape_that_depends_on_the_input_names_both) {
  ModelText m;
  m.input("x", {2}).input("t", {2}, pb::TensorProto::INT64).output("y");
  m.node("Reshape", {"x", "t"}, {"y"}, "r");
  EXPECT_TRUE(mentions(failure(m.import()), {"node 'r'", "input 't'"}));
}

TEST(Shapes, without_a_way_to_evaluate_the_node_is_named) {
  ModelText m;
  m.input("x", {2, 3}).ints("a", {3, 1}).ints("b", {0, 1}).output("y");
  m.node("Add", {"a", "b"}, {"target"}, "sum");
  m.node("Reshape", {"x", "target"}, {"y"}, "r");
  auto model = m.model();
  ASSERT_TRUE(model.ok());
  EXPECT_TRUE(mentions(failure(model->import({})), {"node 'r'", "evaluate"}));
}

}  // namespace
}  // namespace stretto::onnx
