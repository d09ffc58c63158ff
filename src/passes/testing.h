// For tests of passes: a rewrite is shown as graph before and graph after, and both compute the same.
#pragma once

#include <gtest/gtest.h>

#include "ir/testing.h"
#include "passes/passes.h"
#include "ref/ref.h"

namespace stretto::passes::testing {

using ir::testing::Build;
using ir::testing::filled;
using ir::testing::floats;
using ir::testing::random_floats;
using op::BinaryKind;
using op::UnaryKind;

/// The outputs for seeded inputs, by the oracle.
inline std::vector<Tensor> evaluate(const ir::Graph& graph, unsigned seed = 7) {
  std::vector<Tensor> values(static_cast<size_t>(graph.value_count()));
  for (ir::ValueId id : graph.inputs()) {
    values[static_cast<size_t>(id)] = random_floats(graph.value(id).type.shape, seed++, -4, 4);
  }
  for (ir::ValueId id = 0; id < graph.value_count(); ++id) {
    if (graph.value(id).is_constant()) values[static_cast<size_t>(id)] = graph.value(id).constant;
  }
  for (ir::NodeId id : graph.topological_order()) {
    std::vector<Tensor> inputs;
    for (ir::ValueId in : graph.node(id).inputs) inputs.push_back(values[static_cast<size_t>(in)]);
    auto value = ref::evaluate(graph.node(id).attrs, inputs);
    EXPECT_TRUE(value.ok()) << value.status().message();
    values[static_cast<size_t>(graph.node(id).output)] = *value;
  }
  std::vector<Tensor> outputs;
  for (ir::ValueId id : graph.outputs()) outputs.push_back(values[static_cast<size_t>(id)]);
  return outputs;
}

/// max|a − b| / max|a| over all outputs.
inline double error_between(const ir::Graph& a, const ir::Graph& b) {
  std::vector<Tensor> ya = evaluate(a), yb = evaluate(b);
  double worst = 0;
  for (size_t i = 0; i < ya.size(); ++i) {
    EXPECT_TRUE(ya[i].type() == yb[i].type());
    double largest = 1e-30, difference = 0;
    for (size_t j = 0; j < ya[i].as<float>().size(); ++j) {
      largest = std::max(largest, std::abs(double{ya[i].as<float>()[j]}));
      double gap = std::abs(double{ya[i].as<float>()[j]} - yb[i].as<float>()[j]);
      difference = gap <= difference ? difference : gap;  // a NaN is kept
    }
    worst = std::max(worst, difference / largest);
  }
  return worst;
}

using Pass = Result<int> (*)(ir::Graph&);

/// Runs the pass on `before`; it must rewrite, keep the graph sound, and end at `after`.
inline void expect_rewrite(Pass pass, const ir::Graph& before, const ir::Graph& after) {
  ir::Graph graph = before;
  auto rewrites = pass(graph);
  ASSERT_TRUE(rewrites.ok()) << rewrites.status().message();
  EXPECT_GT(*rewrites, 0) << ir::dump(graph);
  graph.remove_dead();
  Status sound = ir::verify(graph);
  EXPECT_TRUE(sound.ok()) << sound.message();
  EXPECT_EQ(ir::testing::difference(graph, after), "") << "got:\n"
                                                       << ir::dump(graph) << "expected:\n"
                                                       << ir::dump(after);
  EXPECT_LT(error_between(before, graph), 1e-5) << ir::dump(graph);
  auto again = pass(graph);
  ASSERT_TRUE(again.ok());
}

/// The pass must leave the graph as it is.
inline void expect_unchanged(Pass pass, const ir::Graph& before) {
  ir::Graph graph = before;
  auto rewrites = pass(graph);
  ASSERT_TRUE(rewrites.ok()) << rewrites.status().message();
  EXPECT_EQ(*rewrites, 0) << ir::dump(graph);
  EXPECT_EQ(ir::testing::difference(graph, before), "");
}

}  // namespace stretto::passes::testing
