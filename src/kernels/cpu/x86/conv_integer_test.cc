// Integer convolutions give the bytes that the reference says, on every instruction set, in every configuration.
#include <gtest/gtest.h>

#include "kernels/cpu/testing.h"
#include "kernels/cpu/x86/table.h"

namespace stretto::kernels::testing {
namespace {

struct IntegerCase {
  Shape src;
  int64_t oc = 1;
  Dims kernel{3, 3}, strides{1, 1}, dilations{1, 1}, pads{1, 1, 1, 1};
  int64_t group = 1;
  int64_t zero = 7;
  bool transposed = false;
  bool quantised = false;  // here: the source comes as real numbers
};

enum class Store { requantize, add, floats, relu, clip, lookup };

struct StoreCase {
  Store store = Store::requantize;
  bool bias = true, scale_each = true;
  DType to = DType::u8, other = DType::u8;
  int64_t zero = 3, low = 3, high = 255, src_zero = 0;
  float scale_by = 1;  // what random scales are multiplied by
  float slope = 1;
};

int open_integer(Builder& b, const IntegerCase& c, bool bias) {
  const Shape weights = c.transposed ? Shape{c.src[1], c.oc / c.group, c.kernel[0], c.kernel[1]}
                                     : Shape{c.oc, c.src[1] / c.group, c.kernel[0], c.kernel[1]};
  const int src =
      c.quantised ? b.node(op::Quantize{0.0123f, 100, DType::u8}, {b.in(c.src)}) : b.in(c.src, Layout::c16, DType::u8);
  std::vector<int> in{src, b.constant(weights, DType::i8)};
  if (bias) in.push_back(b.constant({c.oc}, DType::i32));
  if (c.transposed) {
    return b.node(op::ConvTransposeInteger{{c.strides, c.dilations, c.pads, {0, 0}, c.group}, c.zero}, in);
  }
  return b.node(op::ConvInteger{{c.strides, c.dilations, c.pads, c.group}, c.zero}, in);
}

Problem integer_problem(const IntegerCase& c, const StoreCase& s, Layout floats) {
  // The other input's shape is the product's.
  Builder shape;
  open_integer(shape, c, false);
  const Shape dst = shape.done().output().type.shape;
  Builder b;
  const int sum = open_integer(b, c, s.bias);
  std::vector<int> in{sum, b.constant({s.scale_each ? c.oc : 1})};
  if (s.store == Store::floats || s.store == Store::relu || s.store == Store::clip) {
    const int y = b.node(op::Dequantize{s.src_zero, 1}, in);
    if (s.store == Store::relu) b.node(op::Unary{op::UnaryKind::relu}, {y});
    if (s.store == Store::clip) b.node(op::Unary{op::UnaryKind::clip, 0.5f, 6}, {y});
    return b.done(floats);
  }
  op::Requantize requantize{s.src_zero, 0, 0, s.zero, s.low, s.high, s.to, s.slope};
  if (s.store == Store::add) {
    in.push_back(b.in(dst, Layout::c16, s.other));
    requantize.other_zero = s.other == DType::u8 ? 200 : -3;
    requantize.other_scale = 0.37f;
  }
  const int y = b.node(requantize, in);
  if (s.store == Store::lookup) b.node(op::Lookup{}, {y, b.constant({256}, s.other)});
  return b.done(Layout::c16);
}

/// What dst must hold.
std::vector<std::byte> expected_bytes(const Problem& problem, const RandomOperands& operands) {
  const Operand& out = problem.output();
  ProblemReference reference(problem, operands.inputs, operands.constants);
  Tensor dense(out.type);
  for (int64_t i = 0; i < out.type.elements(); ++i) {
    ref::store(dense.mutable_data(), out.type.dtype, i, reference.scalar_at(i));
  }
  std::vector<std::byte> bytes(stored_bytes(out.type, out.layout));
  from_plain(out.type, out.layout, dense.data(), bytes.data());
  return bytes;
}

bool is_wide(const Tactic& tactic) {
  return tactic.isa == Isa::avx512 || tactic.isa == Isa::avx512_vnni;
}

/// Every row of this processor that takes the problem; all configs, or one of them. Returns how many rows took it.
int expect_exact(const IntegerCase& c, const StoreCase& s, uint64_t seed = 1, bool all_configs = true) {
  int taken = 0;
  for (bool wide : {true, false}) {
    const Problem problem = integer_problem(c, s, wide ? Layout::c16 : Layout::c8);
    RandomOperands operands = random_operands(problem, seed);
    for (float& scale : operands.constants[s.bias ? 2 : 1].as_mutable<float>()) scale *= s.scale_by;
    std::vector<std::byte> expected;
    for (const Tactic& tactic : x86_conv_integer_table()) {
      if (is_wide(tactic) != wide || !cpu_has(tactic.isa) || tactic.supports(problem) != Refusal::none) continue;
      if (expected.empty()) expected = expected_bytes(problem, operands);
      ++taken;
      const std::vector<Config> configs = tactic.configs(problem);
      for (size_t i = all_configs ? 0 : seed % configs.size(); i < configs.size(); ++i) {
        EXPECT_EQ(Check(problem, tactic, configs[i], operands).run(expected), "")
            << tactic.name << " " << to_string(configs[i]) << "\n"
            << to_string(problem);
        EXPECT_GT(tactic.estimate(problem, configs[i], 2), 0);
        if (!all_configs) break;
      }
    }
  }
  return taken;
}

TEST(ConvInteger, every_isa_of_this_processor_is_tested) {
  for (const Tactic& tactic : x86_conv_integer_table()) {
    EXPECT_EQ(tactic.numerics, Numerics::bit_exact) << tactic.name;
    if (!cpu_has(tactic.isa)) std::printf("not run on this processor: %s\n", tactic.name);
  }
}

TEST(ConvInteger, any_kernel_stride_dilation_padding_and_channels) {
  const IntegerCase cases[] = {
      {.src = {1, 3, 31, 30}, .oc = 18, .kernel = {7, 7}, .strides = {2, 2}, .pads = {3, 3, 3, 3}},
      {.src = {1, 1, 9, 13}, .oc = 1},
      {.src = {2, 17, 9, 13}, .oc = 58, .zero = 255},
      {.src = {1, 58, 15, 14}, .oc = 17, .strides = {2, 2}, .zero = 128},
      {.src = {2, 116, 7, 7}, .oc = 116, .kernel = {1, 1}, .pads = {0, 0, 0, 0}},
      {.src = {1, 16, 8, 7}, .oc = 65, .kernel = {1, 1}, .strides = {2, 2}, .pads = {0, 0, 0, 0}},
      {.src = {1, 16, 17, 11}, .oc = 16, .kernel = {5, 5}, .dilations = {2, 2}, .pads = {4, 4, 4, 4}, .zero = 0},
      {.src = {1, 24, 10, 12}, .oc = 24, .pads = {0, 2, 1, 0}, .zero = 0},
      {.src = {1, 16, 3, 3}, .oc = 16, .pads = {4, 4, 4, 4}},
      {.src = {1, 32, 9, 29}, .oc = 32, .kernel = {1, 7}, .pads = {0, 3, 0, 3}},
      {.src = {1, 20, 20, 21}, .oc = 20, .strides = {4, 4}},
      {.src = {1, 16, 20, 21}, .oc = 16, .strides = {2, 3}, .dilations = {3, 2}, .pads = {3, 3, 3, 3}},
      {.src = {1, 40, 9, 8}, .oc = 40, .pads = {0, 0, 0, 0}},
      {.src = {2, 64, 9, 9}, .oc = 32, .group = 2},
  };
  for (const IntegerCase& c : cases) {
    EXPECT_GT(expect_exact(c, {}), 0);
    EXPECT_GT(expect_exact(c, {.store = Store::floats, .src_zero = 100000}), 0);
  }
}

TEST(ConvInteger, depthwise_strips_of_every_width_height_padding_and_store) {
  const StoreCase stores[] = {
      {.zero = 0, .low = 0, .scale_by = 1e-3f},
      {.zero = 40, .low = 20, .high = 200, .scale_by = 1e-3f, .slope = 0.1f},
      {.store = Store::add, .zero = 7, .low = 0, .scale_by = 1e-3f},
      {.store = Store::add, .other = DType::i8, .zero = 7, .low = 0, .scale_by = 1e-3f},
      {.store = Store::lookup, .zero = 128, .low = 0},
      {.to = DType::i8, .zero = -5, .low = -128, .high = 127},
  };
  uint64_t seed = 0;
  for (int64_t stride : {1, 2}) {
    for (int64_t width = 1; width <= 19; ++width) {
      for (const Dims& pads : {Dims{1, 1, 1, 1}, Dims{0, 0, 1, 1}, Dims{3, 4, 0, 2}, Dims{0, 7, 5, 9}}) {
        const int64_t height = 1 + (width * 5 + stride) % 9;
        if (width + pads[1] + pads[3] < 3 || height + pads[0] + pads[2] < 3) continue;
        const IntegerCase c{.src = {2, 19, height, width},
                            .oc = 19,
                            .strides = {stride, stride},
                            .pads = pads,
                            .group = 19,
                            .zero = static_cast<int64_t>(seed * 37 % 256)};
        EXPECT_GT(expect_exact(c, stores[seed % 6], seed + 1), 0);
        ++seed;
      }
    }
    EXPECT_GT(expect_exact({.src = {1, 40, 57, 61}, .oc = 40, .strides = {stride, stride}, .group = 40}, stores[1]), 0);
  }
}

TEST(ConvInteger, a_picture_is_quantised_on_its_way_into_the_first_convolution) {
  if (!cpu_has(Isa::avx512_vnni)) GTEST_SKIP() << "no AVX-512 VNNI";
  const StoreCase stores[] = {{.zero = 0, .low = 0, .scale_by = 1e-3f},
                              {.zero = 40, .low = 20, .scale_by = 1e-3f, .slope = 0.1f},
                              {.store = Store::lookup, .zero = 128, .low = 0},
                              {.store = Store::relu, .src_zero = 12345}};
  uint64_t seed = 0;
  for (int64_t channels = 1; channels <= 4; ++channels) {
    for (int64_t stride : {1, 2, 4}) {
      for (int64_t width : {7, 16, 33, 50}) {
        for (const Dims& pads : {Dims{0, 0, 0, 0}, Dims{1, 1, 1, 1}, Dims{3, 5, 2, 4}}) {
          const int64_t kernel = 4 + static_cast<int64_t>(seed % 4);
          const IntegerCase c{.src = {1 + static_cast<int64_t>(seed % 2), channels, 13, width},
                              .oc = 21,
                              .kernel = {kernel - 1, kernel},
                              .strides = {1 + static_cast<int64_t>(seed % 3), stride},
                              .dilations = {1, 1 + static_cast<int64_t>(seed % 5 == 0)},
                              .pads = pads,
                              .zero = seed % 7 == 0 ? 3 : 100,
                              .quantised = true};
          if (width + pads[1] + pads[3] <= (kernel - 1) * c.dilations[1]) continue;
          ++seed;
          const int taken = expect_exact(c, stores[seed % 4], seed);
          EXPECT_TRUE(taken > 0 || 13 + pads[0] + pads[2] < kernel + c.strides[0]) << seed;
        }
      }
    }
  }
  EXPECT_GT(expect_exact({.src = {1, 3, 96, 112},
                          .oc = 64,
                          .kernel = {7, 7},
                          .strides = {2, 2},
                          .pads = {3, 3, 3, 3},
                          .quantised = true},
                         stores[0]),
            0);
}

TEST(ConvInteger, sums_rest_between_chunks_of_channels) {
  expect_exact({.src = {1, 512, 6, 7}, .oc = 70, .zero = 0}, {.store = Store::add});
  expect_exact({.src = {1, 260, 6, 7}, .oc = 70, .zero = 128}, {});
  expect_exact({.src = {1, 2050, 7, 7}, .oc = 72, .kernel = {1, 1}, .pads = {0, 0, 0, 0}}, {.store = Store::floats});
}

TEST(ConvInteger, every_way_to_store) {
  const IntegerCase c{.src = {2, 19, 6, 5}, .oc = 37};
  for (bool bias : {true, false}) {
    for (bool each : {true, false}) {
      const StoreCase cases[] = {
          {.zero = 0, .low = 0},
          {.zero = 128, .low = 0},
          {.zero = 255, .low = 20, .high = 255},
          {.zero = 10, .low = 10, .high = 60, .src_zero = -70000},
          {.to = DType::i8, .zero = -5, .low = -128, .high = 127},
          {.to = DType::i8, .zero = 127, .low = -100, .high = 127},
          {.store = Store::add, .zero = 0, .low = 0},
          {.store = Store::add, .other = DType::i8, .zero = 100, .low = 0},
          {.store = Store::add, .to = DType::i8, .zero = -128, .low = -128, .high = 127},
          {.store = Store::lookup, .zero = 128, .low = 0},
          {.zero = 40, .low = 0, .slope = 0.1f},
          {.to = DType::i8, .zero = -90, .low = -128, .high = 127, .slope = 0.3f},
          {.store = Store::add, .zero = 40, .low = 20, .slope = 0.1f},
          {.store = Store::add, .other = DType::i8, .zero = 100, .low = 0, .slope = 0},
          {.store = Store::lookup, .zero = 128, .low = 0, .slope = 0.1f},
          {.store = Store::lookup, .other = DType::i8, .zero = 128, .low = 0},
          {.store = Store::floats, .src_zero = 12345},
          {.store = Store::relu, .src_zero = 12345},
          {.store = Store::clip, .scale_by = 1e-3f},
      };
      for (StoreCase s : cases) {
        s.bias = bias;
        s.scale_each = each;
        EXPECT_GT(expect_exact(c, s), 0);
      }
    }
  }
}

TEST(ConvInteger, scales_of_real_networks_are_stored_from_registers) {
  const IntegerCase cases[] = {
      {.src = {2, 19, 6, 5}, .oc = 37},
      {.src = {1, 16, 9, 29}, .oc = 96, .kernel = {1, 1}, .pads = {0, 0, 0, 0}},
      {.src = {1, 512, 6, 7}, .oc = 70, .zero = 0},
  };
  const StoreCase stores[] = {
      {.zero = 0, .low = 0, .scale_by = 1e-3f},
      {.zero = 255, .low = 20, .scale_by = 1e-3f},
      {.zero = 10, .low = 10, .high = 60, .src_zero = -70000, .scale_by = 1e-3f},
      {.zero = 100, .low = 90, .high = 110, .scale_by = 0.25f},
      {.store = Store::add, .zero = 7, .low = 0, .scale_by = 1e-3f},
      {.store = Store::add, .zero = 100, .low = 90, .high = 180, .scale_by = 1e-3f},
      {.store = Store::add, .other = DType::i8, .zero = 100, .low = 0, .scale_by = 1e-3f},
      {.zero = 40, .low = 0, .scale_by = 1e-3f, .slope = 0.1f},
      {.store = Store::add, .zero = 40, .low = 30, .scale_by = 1e-3f, .slope = 0.2f},
  };
  for (const IntegerCase& c : cases) {
    for (const StoreCase& s : stores) EXPECT_GT(expect_exact(c, s), 0);
  }
}

TEST(ConvInteger, extreme_scales_and_values_saturate) {
  const IntegerCase c{.src = {1, 16, 3, 3}, .oc = 16, .kernel = {1, 1}, .pads = {0, 0, 0, 0}, .zero = 128};
  const float scales[] = {1e30f, -1e30f, 1e38f, 1e-40f, 3.4e38f, 0, -0.0f, 0.5f, 1, 1e5f, 1e6f, -1e5f, 0.25f, 2, -3, 7};
  for (float slope : {1.0f, 0.1f, 1e-40f, 0.0f}) {
    const StoreCase store{.store = Store::add, .zero = 5, .low = 2, .high = 250, .slope = slope};
    const Problem problem = integer_problem(c, store, Layout::c16);
    RandomOperands operands = random_operands(problem);
    std::copy(std::begin(scales), std::end(scales), operands.constants[2].as_mutable<float>().begin());
    operands.constants[2].as_mutable<float>()[5] = std::numeric_limits<float>::quiet_NaN();
    operands.constants[2].as_mutable<float>()[6] = std::numeric_limits<float>::infinity();
    const std::vector<std::byte> expected = expected_bytes(problem, operands);
    int taken = 0;
    for (const Tactic& tactic : x86_conv_integer_table()) {
      if (!cpu_has(tactic.isa) || tactic.supports(problem) != Refusal::none) continue;
      EXPECT_EQ(Check(problem, tactic, tactic.configs(problem)[0], operands).run(expected), "") << tactic.name;
      ++taken;
    }
    EXPECT_TRUE(taken > 0 || !cpu_has(Isa::avx2));
  }
}

TEST(ConvInteger, random_problems_agree_on_every_isa) {
  Random random{20};
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random.unit() * static_cast<double>(n)); };
  const int64_t zeros[] = {0, 0, 7, 128, 255};
  int taken = 0;
  for (uint64_t i = 0; i < 400; ++i) {
    IntegerCase c;
    c.transposed = below(5) == 0;
    const bool depthwise = !c.transposed && below(4) == 0;
    const int64_t channels[] = {1, 3, 16, 17, 58, 1 + below(120)};
    c.src = {1 + below(2), channels[below(6)], 1 + below(14), 1 + below(14)};
    c.oc = depthwise ? c.src[1] : channels[below(6)];
    c.group = depthwise ? c.src[1] : 1;
    c.zero = zeros[below(5)];
    for (int k = 0; k < 2; ++k) {
      c.kernel[k] = 1 + below(5);
      c.strides[k] = 1 + below(3);
      c.dilations[k] = c.transposed ? 1 : 1 + below(2);
      const int64_t most = c.transposed ? (c.kernel[k] + 1) / 2 : c.kernel[k];
      c.pads[k] = below(most);
      c.pads[2 + k] = below(most);
    }
    bool empty = false;
    for (int k = 0; k < 2; ++k) {
      const int64_t size = c.src[2 + k], pads = c.pads[k] + c.pads[2 + k];
      const int64_t room = c.transposed ? (size - 1) * c.strides[k] + c.kernel[k] - pads
                                        : size + pads - (c.kernel[k] - 1) * c.dilations[k];
      empty = empty || room < 1;
    }
    if (empty) continue;
    StoreCase s;
    s.store = static_cast<Store>(below(6));
    s.scale_by = below(2) == 0 ? 1 : 1e-3f;
    s.bias = below(2) == 0;
    s.scale_each = below(2) == 0;
    s.other = below(2) == 0 ? DType::u8 : DType::i8;
    if (s.store != Store::lookup && below(3) == 0) {
      s.to = DType::i8;
      s.zero = below(256) - 128;
      s.low = -128;
      s.high = 127;
    } else {
      s.zero = zeros[below(5)];
      s.low = below(2) == 0 ? s.zero : 0;
    }
    const float slopes[] = {1, 1, 0.1f, 0};
    s.slope = slopes[below(4)];
    taken += expect_exact(c, s, i + 1, false);
  }
  EXPECT_GT(taken, 500);
}

}  // namespace
}  // namespace stretto::kernels::testing
