// Networks quantised elsewhere, before and after.
#include <limits>

#include "passes/pipeline.h"
#include "passes/quantized_testing.h"

namespace stretto::passes::testing {
namespace {

constexpr Steps kIn{0.03f, 120}, kOut{0.05f, 10};

TEST(LowerQuantized, conv_with_bias_and_relu_is_an_integer_conv_and_a_requantize) {
  for (bool by_channel : {false, true}) {
    BuildQuantized b;
    ir::ValueId x = b.rounded(b.input({1, 4, 6, 6}), kIn);
    ir::ValueId w = b.weights({8, 4, 3, 3}, 3, 0, by_channel);
    ir::ValueId y = b.unary(UnaryKind::relu, b.conv_of(x, w, b.bias(w, kIn.scale, 8, 5)));
    ir::Graph after = lowered(b.output(b.rounded(y, kOut)), kOut.scale);
    EXPECT_EQ(operators_of(after), "quantize conv_integer requantize dequantize");
    for (ir::NodeId id : after.topological_order()) {
      const auto* conv = std::get_if<op::ConvInteger>(&after.node(id).attrs);
      EXPECT_TRUE(conv == nullptr || conv->zero == kIn.zero);
      const auto* requantize = std::get_if<op::Requantize>(&after.node(id).attrs);
      if (requantize == nullptr) continue;
      EXPECT_EQ(requantize->low, kOut.zero);
      EXPECT_EQ(requantize->high, 255);
      EXPECT_EQ(after.value(after.node(id).inputs[1]).type.elements(), by_channel ? 8 : 1);
    }
  }
}

TEST(LowerQuantized, a_clip_is_the_bounds_of_the_requantize) {
  BuildQuantized b;
  ir::ValueId x = b.rounded(b.input({1, 4, 6, 6}), kIn);
  ir::ValueId y = b.unary(UnaryKind::clip, b.conv_of(x, b.weights({8, 4, 1, 1}, 3, 0, true), ir::kNone, 0), 0, 2);
  ir::Graph after = lowered(b.output(b.rounded(y, kOut)), kOut.scale);
  EXPECT_EQ(operators_of(after), "quantize conv_integer requantize dequantize");
  const auto& r = std::get<op::Requantize>(after.node(after.topological_order()[2]).attrs);
  EXPECT_EQ(r.low, 10);
  EXPECT_EQ(r.high, 50);
}

TEST(LowerQuantized, a_leaky_relu_is_the_slope_of_the_requantize_of_sums_and_a_lookup_of_bytes) {
  constexpr Steps kLeaky{0.05f, 60};
  for (float slope : {0.0f, 0.1f, 1.5f}) {
    for (bool of_sums : {true, false}) {
      for (bool added : {false, true}) {
        if (added && !of_sums) continue;
        BuildQuantized b;
        ir::ValueId x = b.rounded(b.input({1, 4, 6, 6}), kIn);
        ir::ValueId y = b.conv_of(x, b.weights({4, 4, 3, 3}, 3, 0, true), ir::kNone);
        if (added) y = b.binary(BinaryKind::add, x, y);
        if (!of_sums) y = b.rounded(y, kLeaky);
        y = b.unary(UnaryKind::leaky_relu, y, slope);
        if (of_sums) y = b.unary(UnaryKind::clip, y, -2, 4);
        ir::Graph after = lowered(b.output(b.rounded(y, kLeaky)), kLeaky.scale, 1.01);
        const bool lookup = !of_sums, real = of_sums && slope > 1;
        if (real) continue;  // right, whatever it is
        EXPECT_EQ(operators_of(after), lookup ? "quantize conv_integer requantize lookup dequantize"
                                              : "quantize conv_integer requantize dequantize");
        const auto& r = std::get<op::Requantize>(after.node(after.topological_order()[2]).attrs);
        EXPECT_EQ(r.slope, lookup ? 1 : slope);
        EXPECT_EQ(r.low, lookup ? 0 : 20);
        EXPECT_EQ(r.high, lookup ? 255 : 140);
      }
    }
  }
}

TEST(LowerQuantized, a_float_bias_is_rounded_to_the_units_of_the_sum) {
  BuildQuantized b;
  ir::ValueId x = b.rounded(b.input({1, 4, 6, 6}), kIn);
  ir::ValueId y = b.conv_of(x, b.weights({8, 4, 3, 3}, 3, 0, true), b.random({8}, 9));
  ir::Graph after = lowered(b.output(b.rounded(y, kOut)), kOut.scale, 1.01);
  EXPECT_EQ(operators_of(after), "quantize conv_integer requantize dequantize");
}

TEST(LowerQuantized, signed_activations_become_unsigned) {
  constexpr Steps kSigned{0.03f, -5, DType::i8};
  BuildQuantized b;
  ir::ValueId x = b.node(op::Pool{op::PoolKind::max, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
                         {b.quantize(b.input({1, 4, 6, 6}), kSigned)});
  ir::ValueId y = b.conv_of(b.dequantize(x, kSigned), b.weights({8, 4, 3, 3}, 3, 0, true), ir::kNone);
  ir::Graph after = lowered(b.output(b.rounded(b.unary(UnaryKind::relu, y), kSigned)), kSigned.scale);
  EXPECT_EQ(operators_of(after), "quantize max_pool conv_integer requantize dequantize");
  for (ir::NodeId id : after.topological_order()) {
    EXPECT_NE(after.value(after.node(id).output).type.dtype, DType::i8);
    const auto* r = std::get_if<op::Requantize>(&after.node(id).attrs);
    EXPECT_TRUE(r == nullptr || r->low == 123);
  }
}

TEST(LowerQuantized, unsigned_weights_are_centred_where_they_fit) {
  for (int zero : {128, 0}) {
    BuildQuantized b;
    ir::ValueId x = b.rounded(b.input({1, 4, 6, 6}), kIn);
    ir::ValueId w =
        b.node(op::Dequantize{zero, 0}, {b.integers<uint8_t>(DType::u8, {8, 4, 1, 1}, 3, 0, 255), b.scales({0.01f})});
    ir::Graph after = lowered(b.output(b.rounded(b.conv_of(x, w, ir::kNone, 0), kOut)), kOut.scale);
    EXPECT_EQ(operators_of(after), zero == 128 ? "quantize conv_integer requantize dequantize"
                                               : "quantize dequantize conv quantize dequantize");
  }
}

TEST(LowerQuantized, gemm_matmul_and_transposed_conv_are_integer_products) {
  for (int which = 0; which < 5; ++which) {
    BuildQuantized b;
    ir::ValueId y{};
    if (which < 2) {
      ir::ValueId x = b.rounded(b.input({3, 16}), kIn);
      ir::ValueId w = which == 0 ? b.weights({16, 8}, 3, 1, true) : b.weights({8, 16}, 3, 0, true);
      y = b.node(op::Gemm{false, which == 1}, {x, w, b.bias(w, kIn.scale, 8, 4)});
    } else if (which < 4) {
      ir::ValueId x = b.rounded(b.input(which == 2 ? Shape{3, 16} : Shape{2, 3, 16}), kIn);
      y = b.node(op::MatMul{}, {x, b.weights({16, 8}, 3, 1, true)});
    } else {
      ir::ValueId x = b.rounded(b.input({1, 4, 5, 5}), kIn);
      y = b.node(op::ConvTranspose{{2, 2}, {1, 1}, {1, 1, 1, 1}, {0, 0}, 2}, {x, b.weights({4, 3, 3, 3}, 3, 1, true)});
    }
    const std::string product = which == 4 ? "conv_transpose_integer" : "gemm_integer";
    ir::Graph after = lowered(b.output(b.rounded(y, kOut)), kOut.scale);
    EXPECT_EQ(operators_of(after), which == 3 ? "quantize reshape gemm_integer requantize reshape dequantize"
                                              : "quantize " + product + " requantize dequantize");
  }
}

TEST(LowerQuantized, additions_are_requantizes_and_take_the_product_before_them) {
  for (bool of_product : {false, true}) {
    BuildQuantized b;
    ir::ValueId x = b.rounded(b.input({1, 4, 6, 6}), kIn);
    ir::ValueId c = b.conv_of(x, b.weights({4, 4, 3, 3}, 3, 0, true), ir::kNone);
    if (!of_product) c = b.rounded(c, kOut);
    ir::ValueId y = b.unary(UnaryKind::relu, b.binary(BinaryKind::add, x, c));
    ir::Graph after = lowered(b.output(b.rounded(y, kOut)), kOut.scale, 1.01);
    EXPECT_EQ(operators_of(after), of_product ? "quantize conv_integer requantize dequantize"
                                              : "quantize conv_integer requantize requantize dequantize");
  }
}

TEST(LowerQuantized, what_moves_elements_moves_integers) {
  BuildQuantized b;
  ir::ValueId x = b.rounded(b.input({1, 4, 6, 6}), kIn);
  ir::ValueId y = b.rounded(b.node(op::Pad{op::PadMode::constant, {0, 0, 1, 1, 0, 0, 1, 1}}, {x}), kIn);
  y = b.rounded(b.node(op::Resize{op::ResizeMode::nearest,
                                  op::ResizeCoordinate::asymmetric,
                                  op::ResizeRounding::floor,
                                  {1, 4, 16, 16},
                                  2,
                                  2},
                       {y}),
                kIn);
  y = b.rounded(b.node(op::Transpose{{0, 2, 3, 1}}, {y}), kIn);
  ir::Graph after = lowered(b.output(y), kIn.scale);
  EXPECT_EQ(operators_of(after), "quantize pad resize transpose dequantize");
}

TEST(LowerQuantized, a_concat_of_other_scales_changes_them_first) {
  constexpr Steps kOther{0.02f, 100};
  BuildQuantized b;
  ir::ValueId x = b.input({1, 4, 6, 6});
  ir::ValueId y = b.node(op::Concat{1}, {b.rounded(x, kOut), b.rounded(x, kOther)});
  ir::Graph after = lowered(b.output(b.rounded(y, kOut)), kOut.scale, 1.01);
  EXPECT_EQ(operators_of(after), "quantize quantize requantize concat dequantize");
}

TEST(LowerQuantized, a_global_average_is_a_sum_and_a_requantize) {
  BuildQuantized b;
  ir::ValueId x = b.rounded(b.input({1, 4, 7, 7}), kIn);
  ir::ValueId y = b.node(op::Reduce{op::ReduceKind::mean, {2, 3}, true}, {x});
  ir::Graph after = lowered(b.output(b.rounded(y, kOut)), kOut.scale, 1.01);
  EXPECT_EQ(operators_of(after), "quantize reduce_sum requantize dequantize");
}

TEST(LowerQuantized, an_average_that_drops_its_axes_is_reshaped_as_bytes) {
  BuildQuantized b;
  ir::ValueId x = b.rounded(b.input({1, 4, 7, 7}), kIn);
  ir::Graph after = b.output(b.rounded(b.node(op::Reduce{op::ReduceKind::mean, {2, 3}, false}, {x}), kOut));
  const ir::Graph before = after;
  ASSERT_TRUE(optimise(after).ok());
  EXPECT_EQ(operators_of(after), "quantize reduce_sum requantize reshape dequantize");
  EXPECT_LE(steps_between(before, after, kOut.scale), 1.01);
}

TEST(LowerQuantized, activations_are_lookups_whole_or_in_parts_and_across_conversions) {
  for (int which = 0; which < 3; ++which) {
    BuildQuantized b;
    ir::ValueId x = b.rounded(b.input({1, 4, 6, 6}), kIn);
    ir::ValueId y{};
    if (which == 0) y = b.unary(UnaryKind::hard_swish, x);
    if (which == 1) y = b.binary(BinaryKind::mul, x, b.unary(UnaryKind::sigmoid, x));
    if (which == 2) y = b.binary(BinaryKind::mul, x, b.rounded(b.unary(UnaryKind::sigmoid, x), {1 / 255.0f, 0}));
    ir::Graph after = lowered(b.output(b.rounded(y, kOut)), kOut.scale);
    EXPECT_EQ(operators_of(after), "quantize lookup dequantize") << which;
  }
}

TEST(LowerQuantized, what_has_no_integer_form_stays_real) {
  BuildQuantized b;
  ir::ValueId x = b.rounded(b.input({1, 4, 6, 6}), kIn);
  ir::Graph softmax = b.output(b.rounded(b.node(op::Softmax{1}, {x}), kOut));
  EXPECT_EQ(operators_of(lowered(softmax, kOut.scale)), "quantize dequantize softmax quantize dequantize");
  Build plain;
  expect_unchanged(run_lower_quantized, plain.output(plain.unary(UnaryKind::relu, plain.input({2, 3}))));
}

/// Seeded chains of everything above; every step is followed by a conversion.
class RandomQuantized {
 public:
  explicit RandomQuantized(unsigned seed) : engine_(seed) {}

  ir::Graph grow(int steps) {
    maps_.push_back(b_.rounded(b_.input({1, 4, 8, 8}), pick_steps()));
    for (int i = 0; i < steps; ++i) maps_.push_back(b_.rounded(grown(maps_[pick(maps_.size())]), pick_steps()));
    return b_.output(maps_.back());
  }
  float step() const { return scale_; }

 private:
  size_t pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(engine_); }
  unsigned seed() { return static_cast<unsigned>(engine_()); }
  Steps pick_steps() {
    scale_ = std::uniform_real_distribution<float>(0.02f, 0.06f)(engine_);
    if (pick(2) == 0) return {scale_, static_cast<int64_t>(pick(256)), DType::u8};
    return {scale_, static_cast<int64_t>(pick(256)) - 128, DType::i8};
  }

  ir::ValueId grown(ir::ValueId x) {
    const Shape shape = b_.graph().value(x).type.shape;
    switch (pick(9)) {
      case 0:
      case 1: {
        ir::ValueId y = b_.conv_of(x, b_.weights({4, shape[1], 3, 3}, seed(), 0, pick(2) == 0), ir::kNone);
        if (pick(4) == 0) return b_.unary(UnaryKind::leaky_relu, y, 0.125f);
        return pick(2) == 0 ? b_.unary(UnaryKind::relu, y) : y;
      }
      case 2:
        return b_.binary(BinaryKind::add, x,
                         b_.conv_of(x, b_.weights({shape[1], shape[1], 1, 1}, seed(), 0, true), ir::kNone, 0));
      case 3:
        return b_.node(op::Pool{op::PoolKind::max, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, {x});
      case 4:
        return b_.node(op::Concat{1}, {x, x});
      case 5:
        return b_.unary(UnaryKind::swish, x);
      case 6:
        return b_.node(op::Pad{op::PadMode::constant, {0, 0, 0, 1, 0, 0, 1, 0}}, {x});
      case 7:
        return b_.unary(UnaryKind::clip, x, 0, 3);
      default:
        return b_.binary(BinaryKind::mul, x, b_.node(op::Reduce{op::ReduceKind::mean, {2, 3}, true}, {x}));
    }
  }

  std::mt19937 engine_;
  BuildQuantized b_;
  std::vector<ir::ValueId> maps_;
  float scale_ = 1;
};

TEST(LowerQuantized, random_networks_keep_their_integers) {
  int integer_products = 0;
  for (unsigned seed = 0; seed < 80; ++seed) {
    RandomQuantized network(seed);
    ir::Graph before = network.grow(1 + static_cast<int>(seed % 5));
    SCOPED_TRACE(seed);
    ir::Graph after = lowered(before, network.step(), 1.01);
    for (ir::NodeId id : after.topological_order()) {
      integer_products += std::holds_alternative<op::ConvInteger>(after.node(id).attrs);
      EXPECT_FALSE(std::holds_alternative<op::Conv>(after.node(id).attrs)) << ir::dump(after);
    }
    auto reports = optimise(after);
    ASSERT_TRUE(reports.ok()) << reports.status().message();
    EXPECT_LE(steps_between(before, after, network.step()), 1.01);
    auto again = optimise(after);
    ASSERT_TRUE(again.ok());
    for (const PassReport& r : *again) EXPECT_EQ(r.rewrites, 0) << r.name;
  }
  EXPECT_GT(integer_products, 20);
}

}  // namespace
}  // namespace stretto::passes::testing
