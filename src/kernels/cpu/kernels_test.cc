// Every tactic of every table on every problem it takes agrees with the reference; the generic table takes every
// operator.
#include <gtest/gtest.h>

#include <set>

#include "kernels/cpu/tables.h"
#include "kernels/cpu/testing_general.h"
#include "kernels/cpu/testing_integer.h"
#if defined(STRETTO_X86)
#include "kernels/cpu/x86/fp16_emulated.h"
#endif

namespace stretto::kernels::testing {
namespace {

using op::BinaryKind;
using op::UnaryKind;

struct Case {
  std::string name;
  Problem problem;
};

op::Conv conv(Dims strides, Dims dilations, Dims pads, int64_t group = 1) {
  return {strides, dilations, pads, group};
}
op::Unary unary(UnaryKind kind, float a = 0, float b = 0) {
  return {kind, a, b};
}
op::Binary binary(BinaryKind kind) {
  return {kind};
}

Problem conv_problem(Shape src, Shape weights, const op::Conv& a, bool bias = true, Layout layout = Layout::plain) {
  Builder b;
  std::vector<int> in{b.in(src, layout), b.constant(weights)};
  if (bias) in.push_back(b.constant({weights[0]}));
  b.node(a, in);
  return b.done(layout);
}

/// Convolution, activation, addition of another input, activation.
Problem fused_conv(Shape src, Shape weights, const op::Conv& a, Shape dst, Layout layout = Layout::plain) {
  Builder b;
  int x = b.in(src, layout), w = b.constant(weights), bias = b.constant({weights[0]}), other = b.in(dst, layout);
  x = b.node(unary(UnaryKind::swish), {b.node(a, {x, w, bias})});
  b.node(unary(UnaryKind::relu), {b.node(binary(BinaryKind::add), {other, x})});
  return b.done(layout);
}

std::string in_layout(const std::string& name, Layout layout) {
  return name + " " + std::string(name_of(layout));
}

void add_convs(std::vector<Case>& cases) {
  for (Layout l : kCpuLayouts) {
    auto add = [&](const std::string& name, Problem p) { cases.push_back({in_layout(name, l), std::move(p)}); };
    add("conv 1x1", conv_problem({1, 17, 7, 5}, {19, 17, 1, 1}, conv({1, 1}, {1, 1}, {0, 0, 0, 0}), true, l));
    add("conv 1x1 wide", conv_problem({2, 64, 14, 14}, {96, 64, 1, 1}, conv({1, 1}, {1, 1}, {0, 0, 0, 0}), true, l));
    add("conv 1x1 stride 2", conv_problem({1, 32, 9, 9}, {16, 32, 1, 1}, conv({2, 2}, {1, 1}, {0, 0, 0, 0}), true, l));
    add("conv 3x3", conv_problem({1, 16, 13, 11}, {32, 16, 3, 3}, conv({1, 1}, {1, 1}, {1, 1, 1, 1}), true, l));
    add("conv 3x3 odd", conv_problem({2, 17, 7, 5}, {9, 17, 3, 3}, conv({1, 1}, {1, 1}, {1, 1, 1, 1}), false, l));
    add("conv 3x3 stride 2",
        conv_problem({1, 24, 15, 14}, {40, 24, 3, 3}, conv({2, 2}, {1, 1}, {0, 0, 1, 1}), true, l));
    add("conv 7x7 first", conv_problem({1, 3, 33, 31}, {64, 3, 7, 7}, conv({2, 2}, {1, 1}, {3, 3, 3, 3}), true, l));
    add("conv 3x3 stride 2 wide",
        conv_problem({2, 40, 27, 30}, {50, 40, 3, 3}, conv({2, 2}, {1, 1}, {1, 1, 1, 1}), true, l));
    add("conv 3x3 stride 2 fused",
        fused_conv({1, 32, 14, 14}, {33, 32, 3, 3}, conv({2, 2}, {1, 1}, {1, 1, 1, 1}), {1, 33, 7, 7}, l));
    add("conv dilated", conv_problem({1, 16, 17, 16}, {16, 16, 3, 3}, conv({1, 1}, {2, 3}, {2, 3, 2, 3}), true, l));
    add("conv 1x5", conv_problem({1, 16, 9, 20}, {16, 16, 1, 5}, conv({1, 3}, {1, 1}, {0, 2, 0, 1}), true, l));
    add("conv deep", conv_problem({1, 256, 7, 7}, {64, 256, 3, 3}, conv({1, 1}, {1, 1}, {1, 1, 1, 1}), true, l));
    add("conv of one pixel", conv_problem({1, 16, 1, 1}, {16, 16, 3, 3}, conv({1, 1}, {1, 1}, {1, 1, 1, 1}), true, l));
    add("conv wide pads", conv_problem({1, 8, 3, 2}, {8, 8, 3, 3}, conv({1, 1}, {1, 1}, {4, 5, 6, 3}), true, l));
    add("conv grouped", conv_problem({1, 32, 8, 9}, {64, 8, 3, 3}, conv({1, 1}, {1, 1}, {1, 1, 1, 1}, 4), true, l));
    add("conv grouped odd", conv_problem({1, 15, 8, 9}, {21, 5, 3, 3}, conv({2, 1}, {1, 1}, {1, 1, 1, 1}, 3), true, l));
    add("depthwise", conv_problem({2, 19, 9, 10}, {19, 1, 3, 3}, conv({1, 1}, {1, 1}, {1, 1, 1, 1}, 19), true, l));
    add("depthwise 5x5 s2",
        conv_problem({1, 32, 15, 300}, {32, 1, 5, 5}, conv({2, 2}, {1, 1}, {1, 1, 2, 2}, 32), true, l));
    add("depthwise multiplier",
        conv_problem({1, 6, 9, 9}, {18, 1, 3, 3}, conv({1, 3}, {2, 1}, {2, 1, 2, 1}, 6), true, l));
    add("conv fused", fused_conv({1, 17, 7, 5}, {19, 17, 3, 3}, conv({1, 1}, {1, 1}, {1, 1, 1, 1}), {1, 19, 7, 5}, l));
    add("conv 1x1 fused",
        fused_conv({2, 32, 14, 14}, {64, 32, 1, 1}, conv({1, 1}, {1, 1}, {0, 0, 0, 0}), {2, 64, 14, 14}, l));
    add("depthwise fused",
        fused_conv({1, 16, 9, 9}, {16, 1, 3, 3}, conv({1, 1}, {1, 1}, {1, 1, 1, 1}, 16), {1, 16, 9, 9}, l));
  }
  for (Layout l : {Layout::c8, Layout::c16, Layout::c32h}) {  // a picture in, blocks out
    Builder b;
    int x = b.in({2, 3, 19, 35}), w = b.constant({40, 3, 3, 3}), bias = b.constant({40});
    b.node(unary(UnaryKind::relu), {b.node(conv({2, 2}, {1, 1}, {1, 1, 1, 1}), {x, w, bias})});
    cases.push_back({in_layout("conv of a picture to", l), b.done(l)});
  }
  cases.push_back({"conv 1-d", conv_problem({2, 5, 30}, {7, 5, 3}, conv({2}, {2}, {2, 1}))});
  cases.push_back({"depthwise 1-d", conv_problem({2, 5, 30}, {5, 1, 3}, conv({1}, {1}, {1, 1}, 5))});
  cases.push_back(
      {"conv 3-d", conv_problem({1, 4, 5, 6, 7}, {6, 2, 2, 3, 1}, conv({1, 2, 1}, {1, 1, 1}, {1, 0, 0, 0, 1, 0}, 2))});
  cases.push_back(
      {"conv kernel of 70", conv_problem({1, 2, 3, 90}, {4, 2, 1, 70}, conv({1, 1}, {1, 1}, {0, 3, 0, 0}))});
  Builder b;
  int x = b.in({1, 6, 8, 8}), w = b.in({10, 3, 3, 3}), bias = b.constant({10});
  b.node(conv({1, 1}, {1, 1}, {1, 1, 1, 1}, 2), {x, w, bias});
  cases.push_back({"conv dynamic weights", b.done()});
  Builder c;
  x = c.in({1, 6, 8, 8}), w = c.in({6, 1, 3, 3});
  c.node(conv({1, 1}, {1, 1}, {1, 1, 1, 1}, 6), {x, w});
  cases.push_back({"depthwise dynamic weights", c.done()});
}

Problem transpose_problem(Shape src, Shape weights, const op::ConvTranspose& a, bool fused = false,
                          Layout layout = Layout::plain) {
  Builder b;
  int x = b.in(src, layout), w = b.constant(weights), bias = b.constant({weights[1] * a.group});
  int y = b.node(a, {x, w, bias});
  if (fused) b.node(unary(UnaryKind::leaky_relu, 0.1f), {y});
  return b.done(layout);
}

/// expand → clip → depthwise → clip → project → add → relu, without what is not asked for. Six nodes at most.
struct SeparableCase {
  Shape src;
  int64_t channels, out;
  int64_t kernel, stride;
  bool expands = true, projects = true, adds = false;
  UnaryKind act = UnaryKind::clip;
};

Problem separable(const SeparableCase& c, Layout l) {
  Builder b;
  int x = b.in(c.src, l), image = x;
  // What f16 sums of some hundreds are off by would be much of 0.75.
  const float limit = l == Layout::c32h ? 96.0f : 0.75f;
  auto act = [&](int value) { return b.node(unary(c.act, 0, limit), {value}); };
  if (c.expands) {
    x = act(b.node(conv({1, 1}, {1, 1}, {0, 0, 0, 0}),
                   {x, b.constant({c.channels, c.src[1], 1, 1}), b.constant({c.channels})}));
  }
  const int64_t pad = c.kernel / 2;
  x = b.node(conv({c.stride, c.stride}, {1, 1}, {pad, pad, pad, pad}, c.channels),
             {x, b.constant({c.channels, 1, c.kernel, c.kernel}), b.constant({c.channels})});
  if (c.act != UnaryKind::swish) x = act(x);
  if (c.projects) x = b.node(conv({1, 1}, {1, 1}, {0, 0, 0, 0}), {x, b.constant({c.out, c.channels, 1, 1})});
  if (c.adds) x = b.node(binary(BinaryKind::add), {x, image});
  return b.done(l);
}

void add_separables(std::vector<Case>& cases) {
  for (Layout l : {Layout::c8, Layout::c16, Layout::c32h}) {
    auto add = [&](const std::string& name, const SeparableCase& c) {
      cases.push_back({in_layout("separable " + name, l), separable(c, l)});
    };
    add("inverted residual", {{1, 24, 28, 28}, 144, 24, 3, 1, true, true, true});
    add("stride 2", {{2, 17, 15, 13}, 50, 33, 3, 2});
    add("5x5", {{1, 40, 14, 9}, 97, 40, 5, 1, true, true, true});
    add("5x5 stride 2", {{1, 16, 30, 31}, 40, 24, 5, 2});
    add("of one row", {{1, 16, 1, 40}, 32, 16, 3, 1});
    add("of one pixel", {{3, 8, 1, 1}, 24, 8, 3, 1});
    add("swish", {{1, 24, 14, 14}, 50, 24, 3, 1, true, true, true, UnaryKind::swish});
    add("depthwise and project", {{1, 50, 17, 19}, 50, 20, 3, 2, false, true});
    add("expand and depthwise", {{2, 20, 14, 14}, 83, 0, 3, 1, true, false});
    add("expand and depthwise swish", {{1, 20, 7, 7}, 83, 0, 3, 2, true, false, false, UnaryKind::swish});
    add("wide", {{1, 16, 112, 112}, 96, 24, 3, 2});
  }
}

/// A picture's convolution, an activation and a pool.
void add_pooled(std::vector<Case>& cases) {
  auto add = [&](const std::string& name, Layout l, Shape src, Shape weights, const op::Conv& a, const op::Pool& pool) {
    Builder b;
    const int x = b.node(a, {b.in(src), b.constant(weights), b.constant({weights[0]})});
    b.node(pool, {b.node(unary(UnaryKind::relu), {x})});
    cases.push_back({in_layout("pooled " + name, l), b.done(l)});
  };
  const op::Pool padded{op::PoolKind::max, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, false, false};
  const op::Pool average{op::PoolKind::average, {3, 2}, {2, 1}, {1, 1}, {0, 1, 1, 0}, true, true};
  for (Layout l : {Layout::c8, Layout::c16, Layout::c32h}) {
    add("7x7", l, {1, 3, 45, 39}, {64, 3, 7, 7}, conv({2, 2}, {1, 1}, {3, 3, 3, 3}), padded);
    add("3x3", l, {2, 3, 18, 35}, {40, 3, 3, 3}, conv({2, 2}, {1, 1}, {0, 0, 0, 0}), average);
    add("11x11", l, {1, 4, 60, 71}, {70, 4, 11, 11}, conv({4, 4}, {1, 1}, {2, 2, 2, 2}), padded);
  }
}

void add_conv_transposes(std::vector<Case>& cases) {
  auto add = [&](const std::string& name, Problem p) { cases.push_back({"conv_transpose " + name, std::move(p)}); };
  add("2x2", transpose_problem({1, 24, 7, 5}, {24, 12, 2, 2}, {{2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}, 1}, true));
  for (Layout l : {Layout::c8, Layout::c16, Layout::c32h}) {
    const op::ConvTranspose doubling{{2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}, 1};
    add("2x2 in blocks", transpose_problem({2, 48, 7, 5}, {48, 32, 2, 2}, doubling, true, l));
    add("2x2 in odd blocks", transpose_problem({1, 19, 7, 5}, {19, 17, 2, 2}, doubling, false, l));
  }
  add("4x4", transpose_problem({2, 9, 6, 7}, {9, 5, 4, 4}, {{2, 2}, {1, 1}, {1, 1, 1, 1}, {0, 0}, 1}));
  add("3x3 s3", transpose_problem({1, 8, 5, 4}, {8, 4, 3, 3}, {{3, 2}, {1, 1}, {1, 0, 0, 1}, {1, 1}, 1}));
  add("gaps", transpose_problem({1, 3, 4, 4}, {3, 4, 1, 2}, {{3, 3}, {1, 1}, {0, 0, 0, 0}, {2, 0}, 1}));
  add("dilated", transpose_problem({1, 6, 5, 6}, {6, 2, 3, 3}, {{2, 1}, {2, 3}, {1, 2, 0, 3}, {0, 0}, 1}));
  add("grouped", transpose_problem({1, 6, 5, 6}, {6, 4, 3, 3}, {{2, 2}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 2}));
  add("stride 1", transpose_problem({1, 20, 9, 9}, {20, 17, 3, 3}, {{1, 1}, {1, 1}, {1, 1, 1, 1}, {0, 0}, 1}));
  add("1-d", transpose_problem({1, 6, 9}, {6, 4, 3}, {{2}, {1}, {1, 1}, {1}, 1}));
  add("3-d",
      transpose_problem({1, 4, 3, 4, 2}, {4, 2, 2, 2, 2}, {{2, 2, 1}, {1, 1, 1}, {0, 1, 0, 0, 0, 0}, {0, 0, 0}, 2}));
}

void add_products(std::vector<Case>& cases) {
  auto gemm = [&](const std::string& name, Shape sa, Shape sb, Shape sc, op::Gemm a, bool constant, bool fused) {
    Builder b;
    std::vector<int> in{b.in(sa), constant ? b.constant(sb) : b.in(sb)};
    if (!(sc == Shape{0})) in.push_back(constant ? b.constant(sc) : b.in(sc));
    int y = b.node(a, in);
    if (fused) b.node(unary(UnaryKind::relu), {b.node(binary(BinaryKind::mul), {y, b.in({5, 19})})});
    cases.push_back({"gemm " + name, b.done()});
  };
  gemm("vector", {1, 513}, {1000, 513}, {1000}, {false, true, 1, 1}, true, false);
  gemm("batch", {4, 300}, {77, 300}, {77}, {false, true, 1, 1}, true, false);
  gemm("plain", {5, 33}, {33, 19}, {5, 19}, {false, false, 0.5f, 2}, true, true);
  gemm("column", {70, 400}, {400, 9}, {70, 1}, {false, false, 1, 1}, true, false);
  gemm("dynamic", {33, 5}, {19, 33}, {}, {true, true, 1, 0.5f}, false, true);
  gemm("no C", {130, 16}, {16, 24}, {0}, {}, true, false);
  auto matmul = [&](const std::string& name, Shape sa, Shape sb, bool constant_a, bool constant_b) {
    Builder b;
    int x = constant_a ? b.constant(sa) : b.in(sa), y = constant_b ? b.constant(sb) : b.in(sb);
    b.node(op::MatMul{}, {x, y});
    cases.push_back({"matmul " + name, b.done()});
  };
  matmul("2-d", {9, 20}, {20, 33}, false, true);
  matmul("batched", {2, 3, 9, 20}, {3, 20, 7}, false, false);
  matmul("broadcast A", {1, 3, 4, 6}, {2, 1, 6, 5}, false, true);
  matmul("shared B", {2, 5, 9, 20}, {20, 33}, false, true);
  matmul("vector left", {20}, {2, 20, 7}, false, true);
  matmul("vector right", {3, 4, 20}, {20}, false, false);
  matmul("dot", {20}, {20}, false, true);
  matmul("constant A", {6, 20}, {20, 7}, true, false);
}

void add_elementwise(std::vector<Case>& cases) {
  for (Layout l : kCpuLayouts) {
    auto add = [&](const std::string& name, Problem p) { cases.push_back({in_layout(name, l), std::move(p)}); };
    for (int kind = 0; kind <= static_cast<int>(UnaryKind::linear); ++kind) {
      Builder b;
      auto k = static_cast<UnaryKind>(kind);
      b.node(unary(k, k == UnaryKind::clip ? -0.5f : 0.2f, 0.7f), {b.in({2, 17, 7, 5}, l)});
      add(std::string(op::name_of(k)), b.done(l));
    }
    for (int kind = 0; kind <= static_cast<int>(BinaryKind::prelu); ++kind) {
      auto k = static_cast<BinaryKind>(kind);
      for (int variant = 0; variant < 5; ++variant) {
        Builder b;
        int x = b.in({2, 17, 7, 5}, l);
        int y = variant == 0   ? b.in({2, 17, 7, 5}, l)
                : variant == 1 ? b.constant({17, 1, 1})
                : variant == 2 ? b.in({2, 17, 1, 1}, l)
                : variant == 3 ? b.in({2, 17, 1, 1})
                               : b.constant({});
        b.node(binary(k), {x, y});
        add(std::string(op::name_of(k)) + " " + std::to_string(variant), b.done(l));
      }
    }
    Builder b;
    int x = b.in({1, 24, 9, 10}, l), scale = b.constant({1, 24, 1, 1}), shift = b.constant({24, 1, 1});
    int y = b.node(binary(BinaryKind::mul), {x, scale});
    y = b.node(binary(BinaryKind::add), {y, shift});
    int gate = b.node(unary(UnaryKind::sigmoid), {y});
    y = b.node(binary(BinaryKind::mul), {y, gate});
    y = b.node(binary(BinaryKind::add), {y, b.in({1, 24, 9, 10}, l)});
    b.node(unary(UnaryKind::relu), {y});
    add("chain of six", b.done(l));
    Builder c;
    c.node(binary(BinaryKind::mul), {c.in({2, 20, 6, 5}, l), c.in({2, 1, 6, 5})});
    add("spatial gate", c.done(l));
    Builder d;
    d.node(binary(BinaryKind::sub), {d.constant({2, 20, 6, 5}), d.in({1, 20, 6, 5}, l)});
    add("whole constant", d.done(l));
    Builder e;
    e.node(binary(BinaryKind::mul), {e.in({2, 20, 6, 5}, l), e.in({2, 20, 6, 5}, Layout::plain)});
    add("plain beside", e.done(l));
  }
  auto both = [&](const std::string& name, Shape x, Shape y, DType dtype) {
    for (int kind = 0; kind < static_cast<int>(BinaryKind::prelu); ++kind) {
      Builder b;
      b.node(binary(static_cast<BinaryKind>(kind)), {b.in(x, Layout::plain, dtype), b.in(y, Layout::plain, dtype)});
      cases.push_back({"broadcast " + name + " " + std::to_string(kind), b.done()});
    }
  };
  both("outer", {7, 1, 3}, {5, 1}, DType::f32);
  both("i64", {2, 1, 9}, {4, 1}, DType::i64);
  both("i32", {300}, {300}, DType::i32);
  both("eight axes", {2, 1, 2, 1, 2, 1, 2, 1}, {1, 3, 1, 2, 1, 2, 1, 2}, DType::f32);
  both("scalars", {}, {}, DType::i64);
  for (UnaryKind kind : {UnaryKind::relu, UnaryKind::clip, UnaryKind::neg, UnaryKind::abs}) {
    Builder b;
    b.node(unary(kind, -2.5f, 3.5f), {b.in({40}, Layout::plain, DType::i64)});
    cases.push_back({"i64 " + std::string(op::name_of(kind)), b.done()});
  }
}

void add_axes(std::vector<Case>& cases) {
  Builder bn;
  std::vector<int> in{bn.in({2, 19, 5, 7})};
  for (int i = 0; i < 4; ++i) in.push_back(i == 1 ? bn.in({19}) : bn.constant({19}));
  bn.node(op::BatchNorm{}, in);
  cases.push_back({"batch_norm", bn.done()});
  auto one = [&](const std::string& name, op::Attrs attrs, Shape shape) {
    Builder b;
    b.node(std::move(attrs), {b.in(shape)});
    cases.push_back({name, b.done()});
  };
  one("softmax last", op::Softmax{1}, {3, 1000});
  one("softmax channels", op::Softmax{1}, {2, 21, 17, 19});
  one("softmax first", op::Softmax{0}, {5, 7});
  one("lrn", op::Lrn{5, 1e-2f, 0.75f, 1}, {2, 17, 5, 7});
  one("lrn even", op::Lrn{4, 0.5f, 0.6f, 2}, {1, 3, 300});
}

void add_integer_convs(std::vector<Case>& cases) {
  const op::Requantize requantize{0, 0, 0, 5, 5, 255, DType::u8};
  for (int64_t group : {1, 37}) {
    for (int64_t stride : {1, 2}) {
      Builder b;
      const int x = b.in({2, 37, 9, 7}, Layout::c16, DType::u8), w = b.constant({37, 37 / group, 3, 3}, DType::i8);
      const int sum = b.node(op::ConvInteger{conv({stride, 1}, {1, 1}, {1, 1, 1, 1}, group), 9}, {x, w});
      b.node(requantize, {sum, b.constant({37})});
      cases.push_back({"integer convolution", b.done(Layout::c16)});
    }
  }
  {
    Builder b;
    const int bytes = b.node(op::Quantize{0.02f, 9, DType::u8}, {b.in({2, 3, 9, 7})});
    const int sum = b.node(op::ConvInteger{conv({2, 2}, {1, 1}, {1, 1, 1, 1}, 1), 9},
                           {bytes, b.constant({20, 3, 3, 3}, DType::i8)});
    b.node(requantize, {sum, b.constant({20})});
    cases.push_back({"picture into an integer convolution", b.done(Layout::c16)});
  }
  Builder b;
  const int x = b.in({2, 37, 9, 7}, Layout::c16, DType::u8), w = b.constant({37, 20, 3, 3}, DType::i8);
  const int sum = b.node(op::ConvTransposeInteger{{{2, 2}, {1, 1}, {1, 1, 0, 0}, {0, 0}, 1}, 9}, {x, w});
  b.node(requantize, {sum, b.constant({20})});
  cases.push_back({"transposed integer convolution", b.done(Layout::c16)});
}

void add_windows(std::vector<Case>& cases) {
  using op::PoolKind;
  for (Layout l : kCpuLayouts) {
    auto pool = [&](const std::string& name, Shape src, op::Pool a) {
      for (PoolKind kind : {PoolKind::max, PoolKind::average}) {
        a.kind = kind;
        Builder b;
        b.node(a, {b.in(src, l)});
        cases.push_back({in_layout(name + (kind == PoolKind::max ? " max" : " average"), l), b.done(l)});
      }
    };
    pool("pool 3x3 s2", {2, 19, 15, 13}, {PoolKind::max, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, false, false});
    pool("pool include", {1, 16, 9, 9}, {PoolKind::max, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, true, false});
    pool("pool ceil", {1, 17, 8, 10}, {PoolKind::max, {3, 2}, {2, 3}, {1, 1}, {0, 0, 1, 0}, true, true});
    pool("pool dilated", {1, 8, 12, 40}, {PoolKind::max, {2, 3}, {1, 1}, {3, 2}, {1, 2, 0, 2}, false, false});
    pool("pool 13x13", {1, 32, 13, 13}, {PoolKind::max, {13, 13}, {1, 1}, {1, 1}, {6, 6, 6, 6}, false, false});
    for (int kind = 0; kind < 4; ++kind) {
      Builder b;
      b.node(op::Reduce{static_cast<op::ReduceKind>(kind), {2, 3}, true}, {b.in({2, 19, 7, 9}, l)});
      cases.push_back({in_layout("reduce spatial", l), b.done(l)});
      Builder c;
      c.node(op::Reduce{static_cast<op::ReduceKind>(kind), {2, 3}, false}, {c.in({2, 19, 7, 9}, l)});
      cases.push_back({in_layout("reduce spatial to plain", l), c.done()});
    }
  }
  Builder b;
  b.node(op::Pool{PoolKind::average, {2, 3, 2}, {1, 2, 1}, {1, 1, 2}, {0, 1, 1, 1, 1, 0}, false, false},
         {b.in({2, 3, 5, 7, 6})});
  cases.push_back({"pool 3-d", b.done()});
  Builder c;
  c.node(op::Pool{PoolKind::max, {3}, {2}, {1}, {1, 1}, false, false}, {c.in({2, 3, 19})});
  cases.push_back({"pool 1-d", c.done()});
  for (DType dtype : {DType::f32, DType::i32, DType::i64}) {
    for (int kind = 0; kind < 4; ++kind) {
      for (Dims axes : {Dims{1}, Dims{0, 2}, Dims{3}, Dims{}, Dims{0, 1, 2, 3}, Dims{1, 2}}) {
        Builder d;
        d.node(op::Reduce{static_cast<op::ReduceKind>(kind), axes, kind % 2 == 0},
               {d.in({3, 5, 7, 37}, Layout::plain, dtype)});
        cases.push_back({"reduce " + to_string(axes) + " " + std::string(name_of(dtype)), d.done()});
      }
    }
  }
}

void add_resizes(std::vector<Case>& cases) {
  using op::ResizeCoordinate;
  for (Layout l : kCpuLayouts) {
    for (int mode = 0; mode < 3; ++mode) {
      for (int coordinate = 0; coordinate < 4; ++coordinate) {
        op::Resize a;
        a.mode = static_cast<op::ResizeMode>(mode);
        a.coordinate = static_cast<ResizeCoordinate>(coordinate);
        a.rounding = static_cast<op::ResizeRounding>(coordinate);
        a.sizes = {1, 17, 14, 4};
        a.scale_h = 2;
        a.scale_w = 0.8f;
        Builder b;
        b.node(a, {b.in({1, 17, 7, 5}, l)});
        cases.push_back({in_layout("resize " + std::to_string(mode) + std::to_string(coordinate), l), b.done(l)});
      }
    }
  }
}

void add_channel_moves(std::vector<Case>& cases) {
  for (Layout l : kCpuLayouts) {
    auto add = [&](const std::string& name, Problem p) { cases.push_back({in_layout(name, l), std::move(p)}); };
    Builder concat;
    concat.node(op::Concat{1}, {concat.in({2, 16, 5, 7}, l), concat.in({2, 19, 5, 7}, l), concat.in({2, 3, 5, 7})});
    add("concat", concat.done(l));
    Builder slice;
    slice.node(op::Slice{{0, 16, 0, 0}, {1, 1, 1, 1}, {2, 20, 5, 7}}, {slice.in({2, 40, 5, 7}, l)});
    add("slice aligned", slice.done(l));
    Builder odd;
    odd.node(op::Slice{{0, 30, 0, 0}, {1, -3, 1, 1}, {2, 9, 5, 7}}, {odd.in({2, 40, 5, 7}, l)});
    add("slice backwards", odd.done(l));
    Builder spatial;
    spatial.node(op::Slice{{1, 0, 1, 6}, {1, 1, 2, -2}, {1, 19, 2, 3}}, {spatial.in({2, 19, 5, 7}, l)});
    add("slice spatial", spatial.done(l));
    Builder shuffle;
    int x = shuffle.node(op::Reshape{{2, 2, 18, 5, 7}}, {shuffle.in({2, 36, 5, 7}, l)});
    x = shuffle.node(op::Transpose{{0, 2, 1, 3, 4}}, {x});
    shuffle.node(op::Reshape{{2, 36, 5, 7}}, {x});
    add("channel shuffle", shuffle.done(l));
    for (int mode = 0; mode < 3; ++mode) {
      Builder pad;
      pad.node(op::Pad{static_cast<op::PadMode>(mode), {0, 0, 2, 1, 0, 0, -1, 3}, 1.5f}, {pad.in({2, 19, 5, 7}, l)});
      add("pad " + std::to_string(mode), pad.done(l));
    }
    for (Layout to : kCpuLayouts) {
      for (DType dtype : {DType::f32, DType::i8, DType::f16, DType::i64}) {
        if (dtype != DType::f32 && (l == Layout::c32h || to == Layout::c32h)) continue;
        Builder reformat;
        reformat.node(op::Reformat{}, {reformat.in({2, 19, 37, 31}, l, dtype)});
        add("reformat to " + std::string(name_of(to)), reformat.done(to));
      }
    }
  }
}

void add_moves(std::vector<Case>& cases) {
  for (DType dtype : {DType::f32, DType::u8, DType::bf16, DType::i64, DType::boolean}) {
    auto add = [&](const std::string& name, op::Attrs attrs, std::vector<Shape> shapes) {
      Builder b;
      std::vector<int> in;
      for (const Shape& s : shapes) {
        in.push_back(in.size() == 1 ? b.constant(s, dtype) : b.in(s, Layout::plain, dtype));
      }
      b.node(std::move(attrs), in);
      cases.push_back({name + " " + std::string(name_of(dtype)), b.done()});
    };
    add("reshape", op::Reshape{{7, 5, 6}}, {{2, 3, 5, 7}});
    add("transpose", op::Transpose{{0, 2, 3, 1}}, {{2, 30, 17, 9}});
    add("transpose of five", op::Transpose{{4, 1, 0, 3, 2}}, {{2, 3, 4, 5, 6}});
    add("slice", op::Slice{{1, 6}, {1, -2}, {2, 3}}, {{4, 9}});
    add("concat 0", op::Concat{0}, {{2, 5}, {1, 5}, {3, 5}});
    add("concat last", op::Concat{2}, {{2, 5, 3}, {2, 5, 1}});
    add("expand", op::Expand{{2, 3, 4, 5}}, {{3, 1, 5}});
    add("expand scalar", op::Expand{{9, 300}}, {{}});
    for (int mode = 0; mode < 3; ++mode) {
      add("pad", op::Pad{static_cast<op::PadMode>(mode), {1, 2, -1, 0, 1, 2}, 1}, {{3, 4, 6}});
    }
    add("reformat", op::Reformat{}, {{5, 6, 7, 8, 9}});
    for (DType index : {DType::i32, DType::i64}) {
      for (int64_t axis = 0; axis < 3; ++axis) {
        Builder b;
        int x = b.in({6, 7, 8}, Layout::plain, dtype);
        int i = axis == 1 ? b.constant({2, 5}, index) : b.in({2, 5}, Layout::plain, index);
        b.node(op::Gather{axis}, {x, i});
        cases.push_back({"gather " + std::string(name_of(dtype)), b.done()});
      }
    }
  }
  for (unsigned from = 1; from <= 13; ++from) {
    for (unsigned to = 1; to <= 13; ++to) {
      Builder b;
      b.node(op::Cast{static_cast<DType>(to)}, {b.in({7, 90}, Layout::plain, static_cast<DType>(from))});
      cases.push_back({"cast", b.done()});
    }
  }
}

const std::vector<Case>& all_cases() {
  static const std::vector<Case> kCases = [] {
    std::vector<Case> cases;
    add_convs(cases);
    add_separables(cases);
    add_pooled(cases);
    add_conv_transposes(cases);
    add_products(cases);
    add_elementwise(cases);
    add_axes(cases);
    add_integer_convs(cases);
    add_windows(cases);
    add_resizes(cases);
    add_channel_moves(cases);
    add_moves(cases);
    for (auto& [name, problem] : general_problems()) cases.push_back({name, std::move(problem)});
    for (Problem& p : integer_problems(1, 400)) cases.push_back({"integer", std::move(p)});
    return cases;
  }();
  return kCases;
}

/// The tables, and the one for AVX512-FP16 emulated.
std::vector<TacticTable> tested_tables() {
  std::vector<TacticTable> tables(cpu_tactic_tables().begin(), cpu_tactic_tables().end());
#if defined(STRETTO_X86)
  tables.push_back(fp16_emulated_table());
#endif
  return tables;
}

TEST(Kernels, EveryTacticAgreesWithTheReference) {
  for (const Case& c : all_cases()) {
    for (TacticTable table : tested_tables()) {
      for (const Tactic& tactic : table) {
        if (!cpu_has(tactic.isa) || tactic.supports(c.problem) != Refusal::none) continue;
        for (const Config& config : tactic.configs(c.problem)) {
          std::string wrong = check(c.problem, tactic, config);
          EXPECT_EQ(wrong, "") << c.name << ": " << tactic.name << " " << to_string(config) << "\n"
                               << to_string(c.problem);
        }
      }
    }
  }
}

TEST(Kernels, GenericTakesEveryProblemButBlockedProductsBlockedBytesAndF16) {
  for (const Case& c : all_cases()) {
    bool taken = false;
    for (const Tactic& tactic : generic_table()) taken = taken || tactic.supports(c.problem) == Refusal::none;
    const op::Attrs& first = c.problem.nodes[0].attrs;
    bool product = std::holds_alternative<op::Conv>(first) || std::holds_alternative<op::ConvTranspose>(first) ||
                   std::holds_alternative<op::ConvInteger>(first) ||
                   std::holds_alternative<op::ConvTransposeInteger>(first);
    if (product && c.problem.output().layout != Layout::plain) continue;  // products are plain here
    if (has_half_operand(c.problem)) continue;
    if (is_quantised(c.problem) && !is_plain(c.problem)) continue;  // so are steps on quantised values
    EXPECT_TRUE(taken) << c.name << "\n" << to_string(c.problem);
  }
}

TEST(Kernels, EveryRowIsExercised) {
  for (TacticTable table : cpu_tactic_tables()) {
    for (const Tactic& tactic : table) {
      bool used = false;
      for (const Case& c : all_cases()) used = used || tactic.supports(c.problem) == Refusal::none;
      EXPECT_TRUE(used) << tactic.name << " takes none of the problems of this test";
    }
  }
}

TEST(Kernels, NamesAreUniqueAndFound) {
  std::set<std::string> names;
  for (TacticTable table : cpu_tactic_tables()) {
    for (const Tactic& tactic : table) {
      EXPECT_TRUE(names.insert(tactic.name).second) << tactic.name;
      EXPECT_EQ(find_tactic(tactic.name), &tactic);
      EXPECT_EQ(find_tactic(tactic.name, tactic.version), &tactic);
      EXPECT_EQ(find_tactic(tactic.name, tactic.version + 1), nullptr);
    }
  }
  EXPECT_EQ(find_tactic("cpu.none"), nullptr);
}

}  // namespace
}  // namespace stretto::kernels::testing
