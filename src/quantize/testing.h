// For tests: graphs evaluated by the oracle, and compared by signal to noise.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "ir/testing.h"
#include "quantize/apply.h"
#include "quantize/draft.h"
#include "ref/ref.h"

namespace stretto::quantize::testing {

using ir::testing::Build;
using ir::testing::floats;
using ir::testing::random_floats;

inline const std::string kHash(64, '0');

/// All values of a graph, by id, for seeded inputs in −1 … 1.
inline std::vector<Tensor> evaluate(const ir::Graph& graph, unsigned seed) {
  std::vector<Tensor> values(static_cast<size_t>(graph.value_count()));
  for (ir::ValueId id : graph.inputs()) {
    values[static_cast<size_t>(id)] = random_floats(graph.value(id).type.shape, seed++);
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
  return values;
}

inline Evaluate oracle(const ir::Graph& graph) {
  return [&graph](int sample, const Sink& sink) -> Status {
    std::vector<Tensor> values = evaluate(graph, 100 + static_cast<unsigned>(sample));
    for (ir::ValueId id = 0; id < graph.value_count(); ++id) {
      if (!values[static_cast<size_t>(id)].empty()) STRETTO_TRY(sink(id, values[static_cast<size_t>(id)]));
    }
    return {};
  };
}

inline Recipe recipe_for(const ir::Graph& graph, const Calibration& calibration = {Method::minmax}) {
  const TypePlan plan = plan_types(graph);
  auto observations = observe(graph, values_to_observe(plan), 8, oracle(graph));
  EXPECT_TRUE(observations.ok()) << observations.status().message();
  auto recipe = draft_recipe(graph, plan, *observations, calibration, kHash);
  EXPECT_TRUE(recipe.ok()) << recipe.status().message();
  return *recipe;
}

inline Quantised applied(const ir::Graph& graph, const Recipe& recipe) {
  auto quantised = apply(graph, recipe);
  EXPECT_TRUE(quantised.ok()) << quantised.status().message();
  return quantised.ok() ? *quantised : Quantised{};
}

/// 10·log10(Σ a² / Σ (a − b)²) in dB over all outputs, for a sample of those that calibration saw: nothing is
/// clipped by minmax, and rounding alone is measured.
inline double signal_to_noise(const ir::Graph& a, const ir::Graph& b) {
  std::vector<Tensor> va = evaluate(a, 105), vb = evaluate(b, 105);
  double signal = 0, noise = 1e-30;
  EXPECT_EQ(a.outputs().size(), b.outputs().size());
  for (size_t i = 0; i < a.outputs().size(); ++i) {
    EXPECT_EQ(a.value(a.outputs()[i]).name, b.value(b.outputs()[i]).name);
    const Tensor &ta = va[static_cast<size_t>(a.outputs()[i])], &tb = vb[static_cast<size_t>(b.outputs()[i])];
    EXPECT_TRUE(ta.type() == tb.type());
    for (size_t j = 0; j < ta.as<float>().size(); ++j) {
      const double x = ta.as<float>()[j], y = tb.as<float>()[j];
      signal += x * x;
      noise += (x - y) * (x - y);
    }
  }
  return 10 * std::log10(signal / noise);
}

/// The operators of the live nodes in topological order: "quantize conv_integer requantize dequantize".
inline std::string operators(const ir::Graph& graph) {
  std::string text;
  for (ir::NodeId id : graph.topological_order()) {
    text += (text.empty() ? "" : " ") + std::string(op::name_of(graph.node(id).attrs));
  }
  return text;
}

}  // namespace stretto::quantize::testing
