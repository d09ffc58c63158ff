// For tests: networks between conversions, written concisely, and how far apart two graphs of integers are.
#pragma once

#include <cmath>
#include <random>

#include "passes/testing.h"

namespace stretto::passes::testing {

/// Scale and zero point of a tensor of bytes.
struct Steps {
  float scale = 0.05f;
  int64_t zero = 128;
  DType type = DType::u8;
};

class BuildQuantized : public Build {
 public:
  ir::ValueId quantize(ir::ValueId x, Steps s) { return node(op::Quantize{s.scale, s.zero, s.type}, {x}); }
  ir::ValueId dequantize(ir::ValueId x, Steps s) { return node(op::Dequantize{s.zero, 1}, {x, scales({s.scale})}); }
  /// Rounded to those steps, as real numbers.
  ir::ValueId rounded(ir::ValueId x, Steps s) { return dequantize(quantize(x, s), s); }
  ir::ValueId scales(const std::vector<float>& values) {
    return constant(floats({static_cast<int64_t>(values.size())}, values), "scales");
  }

  template <class T>
  ir::ValueId integers(DType type, Shape shape, unsigned seed, int low, int high) {
    std::mt19937 engine(seed);
    std::vector<T> values(static_cast<size_t>(elements(shape)));
    for (T& v : values) v = static_cast<T>(std::uniform_int_distribution<int>(low, high)(engine));
    return constant(Tensor::of<T>(type, shape, values), "integers");
  }
  /// i8 weights with `channels` scales along `axis`, or one.
  ir::ValueId weights(Shape shape, unsigned seed, int64_t axis, bool by_channel) {
    const int64_t count = by_channel ? shape[static_cast<int>(axis)] : 1;
    ir::ValueId s = constant(random_floats({count}, seed + 1, 0.004f, 0.012f), "weight_scales");
    return node(op::Dequantize{0, axis}, {integers<int8_t>(DType::i8, shape, seed, -127, 127), s});
  }
  /// A bias of i32 in units of the source's scale and the weights' scales.
  ir::ValueId bias(ir::ValueId weights, float source_scale, int64_t count, unsigned seed) {
    const Tensor scales = graph().value(graph().node(graph().producer(weights)).inputs[1]).constant;
    std::vector<float> units(scales.as<float>().begin(), scales.as<float>().end());
    for (float& u : units) u *= source_scale;
    return node(op::Dequantize{0, 0}, {integers<int32_t>(DType::i32, {count}, seed, -2000, 2000), this->scales(units)});
  }
  ir::ValueId conv_of(ir::ValueId x, ir::ValueId weights, ir::ValueId bias, int64_t pad = 1) {
    std::vector<ir::ValueId> in{x, weights};
    if (bias != ir::kNone) in.push_back(bias);
    return node(op::Conv{{1, 1}, {1, 1}, {pad, pad, pad, pad}, 1}, in);
  }
};

inline std::string operators_of(const ir::Graph& graph) {
  std::string text;
  for (ir::NodeId id : graph.topological_order()) {
    text += (text.empty() ? "" : " ") + std::string(op::display_name(graph.node(id).attrs));
  }
  return text;
}

/// The largest difference of the outputs, in units of `step` (f32) or of integers.
inline double steps_between(const ir::Graph& a, const ir::Graph& b, double step) {
  std::vector<Tensor> ya = evaluate(a), yb = evaluate(b);
  double worst = 0;
  for (size_t i = 0; i < ya.size(); ++i) {
    EXPECT_TRUE(ya[i].type() == yb[i].type());
    const bool real = is_float(ya[i].dtype());
    for (int64_t j = 0; j < ya[i].elements(); ++j) {
      const ref::Scalar va = ref::load(ya[i], j), vb = ref::load(yb[i], j);
      worst = std::max(
          worst, real ? std::abs(va.real - vb.real) / step : std::abs(static_cast<double>(va.integer - vb.integer)));
    }
  }
  return worst;
}

/// The graph after the pass, which must be sound and end; its results may differ by `most` steps.
inline ir::Graph lowered(const ir::Graph& before, double step, double most = 0.01) {
  ir::Graph after = before;
  auto rewrites = run_lower_quantized(after);
  EXPECT_TRUE(rewrites.ok()) << rewrites.status().message();
  after.remove_dead();
  Status sound = ir::verify(after);
  EXPECT_TRUE(sound.ok()) << sound.message();
  EXPECT_LE(steps_between(before, after, step), most) << ir::dump(before) << ir::dump(after);
  return after;
}

}  // namespace stretto::passes::testing
