// Operators that importing takes apart: what they become, and what they compute.
#include "onnx/testing.h"

namespace stretto::onnx {
namespace {

using namespace testing;

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;

TEST(Decomposed, tile_is_expansions_between_reshapes) {
  ModelText m;
  m.input("x", {1, 2}).ints("repeats", {2, 2}).output("y");
  m.node("Tile", {"x", "repeats"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(run(g->graph, {1, 2}), (Floats{1, 2, 1, 2, 1, 2, 1, 2}));
}

TEST(Decomposed, one_hot_counts_negative_indices_from_the_end) {
  ModelText m;
  m.input("x", {1, 2}).ints("indices", {0, -1}).ints("depth", {3}).floats("values", {2}, {0, 5}).output("y");
  m.node("OneHot", {"indices", "depth", "values"}, {"hot"});
  m.node("MatMul", {"x", "hot"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "matmul");
  EXPECT_EQ(run(g->graph, {1, 2}), (Floats{5, 0, 10}));
}

TEST(Decomposed, gather_elements_reads_by_flat_positions) {
  ModelText m;
  m.input("x", {2, 2}).output("y");
  m.ints("flat", {0, 0, 1, 0}).ints("square", {2, 2});
  m.node("Reshape", {"flat", "square"}, {"i"});
  attribute(m.node("GatherElements", {"x", "i"}, {"y"}), "axis", 1);
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "reshape gather");
  EXPECT_EQ(run(g->graph, {1, 2, 3, 4}), (Floats{1, 1, 4, 3}));
}

TEST(Decomposed, einsum_of_three_terms_with_a_diagonal) {
  ModelText m;
  m.input("x", {2, 2}).floats("b", {2}, {10, 100}).floats("c", {3}, {1, 2, 3}).output("y");
  attribute(m.node("Einsum", {"x", "b", "c"}, {"y"}), "equation", "ii,i,j->j");
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(run(g->graph, {1, 2, 3, 4}), (Floats{410, 820, 1230}));
}

TEST(Decomposed, einsum_refuses_what_does_not_fit) {
  for (const char* equation : {"", "ij", "i,j->k", "ijk->i", "i,j,k->i", "i$,j->i", "i,j->ii"}) {
    ModelText m;
    m.input("x", {2}).floats("b", {3}, {1, 2, 3}).output("y");
    attribute(m.node("Einsum", {"x", "b"}, {"y"}, "e"), "equation", equation);
    EXPECT_TRUE(mentions(failure(m.import()), {"'e'"})) << equation;
  }
}

TEST(Decomposed, narrow_integers_are_computed_wider_and_wrap) {
  ModelText m(14);
  m.input("x", {2}, pb::TensorProto::UINT8).output("y");
  m.node("Add", {"x", "x"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "cast cast add cast");
}

TEST(Decomposed, layer_normalisation_has_zero_mean) {
  ModelText m;
  m.input("x", {1, 4}).filled("scale", {4}, 1).output("y");
  m.node("LayerNormalization", {"x", "scale"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  const Floats y = run(g->graph, {1, 2, 3, 4});
  EXPECT_NEAR(y[0] + y[1] + y[2] + y[3], 0, 1e-5);
  EXPECT_NEAR(y[3], 1.3416, 1e-3);
}

TEST(Decomposed, suppression_says_that_its_rows_depend_on_the_data) {
  ModelText m;
  m.input("boxes", {1, 3, 4}).input("scores", {1, 2, 3}).ints("most", {2}).output("y");
  m.node("NonMaxSuppression", {"boxes", "scores", "most"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(g->graph.value(g->graph.outputs()[0]).type.shape, (Shape{4, 3}));
  EXPECT_TRUE(noted(*g, {"depends on the data", "-1"}));
}

}  // namespace
}  // namespace stretto::onnx
