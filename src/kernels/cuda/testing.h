// For tests: problems that reach the edges of every row.
#pragma once

#include <string>
#include <vector>

#include "kernels/cpu/testing_integer.h"

namespace stretto::kernels::cuda {

using testing::Builder;

inline constexpr Layout kGpuLayouts[] = {Layout::plain, Layout::nhwc8, Layout::nhwc8h};

struct Case {
  std::string name;
  Problem problem;
};

inline std::string named(const std::string &name, Layout from, Layout to) {
  return name + " " + std::string(name_of(from)) + " to " + std::string(name_of(to));
}

/// `make(b, x)` adds nodes behind the input x; once for each pair of layouts.
template <class Make>
void add(std::vector<Case> &cases, const std::string &name, Shape src, Make make) {
  for (Layout from : kGpuLayouts) {
    for (Layout to : kGpuLayouts) {
      Builder b;
      make(b, b.in(src, from), to);
      cases.push_back({named(name, from, to), b.done(to)});
    }
  }
}

inline op::Unary relu() {
  return {op::UnaryKind::relu, 0, 0};
}

inline void add_products(std::vector<Case> &cases) {
  const auto conv = [&](const std::string &name, Shape src, Shape weights, const op::Conv &a, bool bias = true) {
    add(cases, "conv " + name, src, [&](Builder &b, int x, Layout) {
      std::vector<int> in = {x, b.constant(weights)};
      if (bias) in.push_back(b.constant({weights[0]}));
      b.node(a, in);
    });
  };
  conv("1x1", {2, 17, 7, 5}, {19, 17, 1, 1}, {{1, 1}, {1, 1}, {0, 0, 0, 0}});
  conv("3x3", {1, 16, 9, 11}, {24, 16, 3, 3}, {{1, 1}, {1, 1}, {1, 1, 1, 1}}, false);
  conv("7x7 first", {1, 3, 23, 21}, {16, 3, 7, 7}, {{2, 2}, {1, 1}, {3, 3, 3, 3}});
  conv("dilated", {1, 8, 12, 13}, {5, 8, 3, 2}, {{2, 1}, {2, 3}, {1, 2, 0, 3}});
  conv("grouped", {1, 12, 8, 8}, {18, 4, 3, 3}, {{1, 1}, {1, 1}, {1, 1, 1, 1}, 3});
  conv("depthwise", {1, 20, 9, 8}, {20, 1, 3, 3}, {{2, 2}, {1, 1}, {1, 1, 1, 1}, 20});
  const auto transposed = [&](const std::string &name, Shape src, Shape weights, const op::ConvTranspose &a) {
    add(cases, "conv_transpose " + name, src, [&](Builder &b, int x, Layout) {
      b.node(a, {x, b.constant(weights), b.constant({weights[1] * a.group})});
    });
  };
  transposed("2x2", {1, 12, 5, 4}, {12, 10, 2, 2}, {{2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}});
  transposed("3x3", {2, 6, 5, 6}, {6, 4, 3, 3}, {{2, 1}, {2, 1}, {1, 2, 0, 1}, {1, 0}, 2});
  for (Layout layout : kGpuLayouts) {
    Builder b;  // the other input comes first
    const int other = b.in({1, 9, 6, 6}, layout), x = b.in({1, 16, 6, 6}, layout);
    int y = b.node(op::Conv{{1, 1}, {1, 1}, {1, 1, 1, 1}}, {x, b.constant({9, 16, 3, 3}), b.constant({9})});
    y = b.node(op::Unary{op::UnaryKind::clip, -1, 2}, {y});
    b.node(relu(), {b.node(op::Binary{op::BinaryKind::add}, {other, y})});
    cases.push_back({named("conv fused", layout, layout), b.done(layout)});
  }
  const auto gemm = [&](const std::string &name, const op::Gemm &a, Shape sa, Shape sb, Shape sc, bool constant) {
    Builder b;
    const int x = b.in(sa), w = constant ? b.constant(sb) : b.in(sb);
    b.node(relu(), {b.node(a, {x, w, b.constant(sc)})});
    cases.push_back({"gemm " + name, b.done()});
  };
  gemm("fully connected", {false, true, 1, 1}, {3, 40}, {21, 40}, {21}, true);
  gemm("as it is", {false, false, 0.5f, 2}, {5, 13}, {13, 7}, {5, 1}, true);
  gemm("transposed", {true, true, 1, 1}, {13, 5}, {7, 13}, {5, 7}, false);
}

inline void add_windows(std::vector<Case> &cases) {
  const auto pool = [&](const std::string &name, Shape src, const op::Pool &a) {
    add(cases, "pool " + name, src, [&](Builder &b, int x, Layout) { b.node(a, {x}); });
  };
  pool("max", {2, 19, 12, 11}, {op::PoolKind::max, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}});
  pool("max ceil", {1, 8, 12, 13}, {op::PoolKind::max, {3, 2}, {2, 2}, {1, 2}, {0, 0, 0, 1}, false, true});
  pool("average", {1, 5, 9, 9}, {op::PoolKind::average, {3, 3}, {2, 1}, {1, 1}, {1, 0, 1, 1}, false, true});
  pool("average padded", {1, 5, 9, 9}, {op::PoolKind::average, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, true, true});
  for (auto kind : {op::ReduceKind::mean, op::ReduceKind::max, op::ReduceKind::min, op::ReduceKind::sum}) {
    add(cases, "reduce", {2, 19, 5, 7}, [&](Builder &b, int x, Layout) {
      b.node(op::Reduce{kind, {2, 3}, true}, {x});
    });
  }
  add(cases, "reduce channels", {2, 19, 5, 7}, [&](Builder &b, int x, Layout) {
    b.node(op::Reduce{op::ReduceKind::mean, {1}, true}, {x});
  });
  for (Layout from : kGpuLayouts) {
    Builder b;
    b.node(op::Reduce{op::ReduceKind::mean, {2, 3}, false}, {b.in({2, 19, 5, 7}, from)});
    cases.push_back({named("reduce and drop", from, Layout::plain), b.done()});
  }
  for (int64_t axis : {0, 1, 2}) {
    Builder b;
    b.node(op::Softmax{axis}, {b.in({3, 21, 5})});
    cases.push_back({"softmax", b.done()});
  }
  for (auto mode : {op::ResizeMode::nearest, op::ResizeMode::linear, op::ResizeMode::cubic}) {
    add(cases, "resize", {1, 11, 5, 7}, [&](Builder &b, int x, Layout) {
      b.node(op::Resize{mode, op::ResizeCoordinate::half_pixel, {}, {1, 11, 9, 14}, 1.8f, 2}, {x});
    });
  }
}

inline void add_moves(std::vector<Case> &cases) {
  add(cases, "reformat", {2, 19, 5, 7}, [](Builder &b, int x, Layout) { b.node(op::Reformat{}, {x}); });
  add(cases, "transpose", {2, 3, 5, 7}, [](Builder &b, int x, Layout) { b.node(op::Transpose{{1, 3, 0, 2}}, {x}); });
  add(cases, "slice", {2, 19, 9, 7}, [](Builder &b, int x, Layout) {
    b.node(op::Slice{{0, 3, 8, 1}, {1, 2, -2, 1}, {2, 7, 4, 5}}, {x});
  });
  add(cases, "expand", {1, 6, 1, 5}, [](Builder &b, int x, Layout) { b.node(op::Expand{{2, 6, 3, 5}}, {x}); });
  for (int64_t axis : {0, 1, 2, 3}) {
    add(cases, "concat", {2, 9, 3, 5}, [&](Builder &b, int x, Layout to) {
      Shape other{2, 9, 3, 5}, third = other;
      other[static_cast<int>(axis)] = 4;
      third[static_cast<int>(axis)] = 11;
      b.node(op::Concat{axis}, {x, b.in(other, to), b.constant(third)});
    });
  }
  Builder b;
  b.node(op::Transpose{{0, 2, 1, 4, 3}}, {b.in({2, 3, 4, 5, 2})});
  cases.push_back({"transpose of five axes", b.done()});
}

inline void add_elementwise(std::vector<Case> &cases) {
  for (auto kind : {op::UnaryKind::relu, op::UnaryKind::leaky_relu, op::UnaryKind::clip, op::UnaryKind::sigmoid,
                    op::UnaryKind::hard_sigmoid, op::UnaryKind::hard_swish, op::UnaryKind::swish, op::UnaryKind::tanh,
                    op::UnaryKind::exp, op::UnaryKind::sqrt, op::UnaryKind::neg, op::UnaryKind::abs,
                    op::UnaryKind::reciprocal, op::UnaryKind::linear}) {
    Builder b;
    b.node(op::Unary{kind, 0.1f, 0.7f}, {b.in({2, 33})});
    cases.push_back({"unary", b.done()});
  }
  for (auto kind : {op::BinaryKind::add, op::BinaryKind::sub, op::BinaryKind::mul, op::BinaryKind::div,
                    op::BinaryKind::pow, op::BinaryKind::min, op::BinaryKind::max, op::BinaryKind::prelu}) {
    add(cases, "binary", {2, 11, 3, 5}, [&](Builder &b, int x, Layout to) {
      b.node(op::Binary{kind}, {b.in({2, 11, 3, 5}, to), x});
    });
  }
  add(cases, "chain", {2, 11, 3, 5}, [&](Builder &b, int x, Layout) {
    x = b.node(op::Binary{op::BinaryKind::mul}, {x, b.constant({11, 1, 1})});
    x = b.node(op::Binary{op::BinaryKind::add}, {b.in({2, 11, 1, 1}), x});
    b.node(relu(), {b.node(op::Binary{op::BinaryKind::sub}, {x, x})});
  });
}

/// What may follow an integer sum: nothing (0), reals (1), bytes (2), bytes with another tensor and a table (3).
inline int add_rescaling(Builder &b, int x, const Shape &shape, int kind, Layout to) {
  if (kind == 0) return x;
  const int scales = b.constant({kind == 3 ? 1 : shape[1]});
  if (kind == 1) return b.node(op::Dequantize{3, 1}, {x, scales});
  op::Requantize a;
  a.src_zero = 2;
  a.zero = a.low = 100;
  a.high = 240;
  if (kind == 2) return b.node(a, {x, scales});
  a.slope = 0.1f;
  a.low = 0;
  a.other_zero = 5;
  a.other_scale = 0.3f;
  x = b.node(a, {x, scales, b.in(shape, to, DType::u8)});
  return b.node(op::Lookup{}, {x, b.constant({256}, DType::i8)});
}

inline void add_integers(std::vector<Case> &cases) {
  const auto conv = [&](const std::string &name, Shape src, Shape weights, const op::Conv &a, int64_t zero) {
    op::ConvInteger attrs;
    static_cast<op::Conv &>(attrs) = a;
    attrs.zero = zero;
    const Shape dst = op::infer(attrs, std::vector<TensorType>{{DType::u8, src}, {DType::i8, weights}})->shape;
    for (Layout from : {Layout::plain, Layout::nhwc16}) {
      for (int kind = 0; kind < 4; ++kind) {
        Builder b;
        std::vector<int> in{b.in(src, from, DType::u8), b.constant(weights, DType::i8)};
        if (kind != 2) in.push_back(b.constant({weights[0]}, DType::i32));
        const bool last = from != Layout::plain && kind > 0;
        const Layout to = !last ? Layout::plain : kind == 1 ? Layout::nhwc8 : Layout::nhwc16;
        add_rescaling(b, b.node(attrs, in), dst, kind, to);
        cases.push_back({named("conv_integer " + name + " " + std::to_string(kind), from, to), b.done(to)});
      }
    }
  };
  conv("1x1", {2, 17, 7, 5}, {19, 17, 1, 1}, {{1, 1}, {1, 1}, {0, 0, 0, 0}}, 0);
  conv("3x3", {1, 70, 9, 11}, {24, 70, 3, 3}, {{1, 1}, {1, 1}, {1, 1, 1, 1}}, 7);
  conv("strided", {1, 3, 23, 21}, {16, 3, 7, 7}, {{2, 2}, {1, 1}, {3, 3, 3, 3}}, 128);
  conv("dilated", {1, 16, 12, 13}, {5, 16, 3, 2}, {{2, 1}, {2, 3}, {1, 2, 0, 3}}, 255);
  conv("depthwise", {1, 20, 9, 8}, {20, 1, 3, 3}, {{2, 2}, {1, 1}, {1, 1, 1, 1}, 20}, 9);
  for (int64_t n : {24, 21}) {
    for (int kind = 0; kind < 4; ++kind) {
      Builder b;
      const int x = b.in({3, 320}, Layout::plain, DType::u8), w = b.constant({n, 320}, DType::i8);
      const int y = b.node(op::GemmInteger{11}, {x, w, b.constant({n}, DType::i32)});
      add_rescaling(b, y, {3, n}, kind, Layout::plain);
      cases.push_back({"gemm_integer", b.done()});
    }
  }
}

/// Integers of every sort at random; there may be some that no row takes.
inline std::vector<Case> random_integer_cases(int count) {
  testing::IntegerProblems draw(17, testing::kGpuBlocks);
  std::vector<Case> cases;
  for (int i = 0; i < count; ++i) cases.push_back({"random " + std::to_string(i), draw.any()});
  return cases;
}

inline void add_stems(std::vector<Case> &cases) {
  const auto stem = [&](const std::string &name, Shape src, const op::Unary &bounds) {
    Builder b;
    const int y =
        b.node(op::Conv{{2, 2}, {1, 1}, {3, 3, 3, 3}}, {b.in(src), b.constant({64, src[1], 7, 7}), b.constant({64})});
    b.node(op::Pool{op::PoolKind::max, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}}, {b.node(bounds, {y})});
    cases.push_back({"stem " + name, b.done(Layout::nhwc8h)});
  };
  stem("of three planes", {2, 3, 40, 71}, relu());
  stem("of one plane", {1, 1, 27, 26}, {op::UnaryKind::clip, 0, 6});
}

/// Convolutions of f16 values with more channels, and sizes that no tile divides. `dst`: the shape of what is added to
/// the result, where anything is.
inline void add_half_convolutions(std::vector<Case> &cases) {
  const auto conv = [&](const std::string &name, Shape src, Shape weights, const op::Conv &a, Shape dst) {
    Builder b;
    int y = b.node(a, {b.in(src, Layout::nhwc8h), b.constant(weights), b.constant({weights[0]})});
    if (!dst.empty()) y = b.node(op::Binary{op::BinaryKind::add}, {y, b.in(dst, Layout::nhwc8h)});
    b.node(relu(), {y});
    cases.push_back({"half conv " + name, b.done(Layout::nhwc8h)});
  };
  const op::Conv pointwise{{1, 1}, {1, 1}, {0, 0, 0, 0}}, padded{{1, 1}, {1, 1}, {1, 1, 1, 1}};
  const op::Conv strided{{2, 2}, {1, 1}, {1, 1, 1, 1}};
  for (int64_t channels : {32, 90}) {
    Builder b;
    const int y =
        b.node(op::ConvTranspose{{2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}},
               {b.in({2, 72, 3, 5}, Layout::nhwc8h), b.constant({72, channels, 2, 2}), b.constant({channels})});
    b.node(relu(), {y});
    cases.push_back({"half conv_transpose", b.done(Layout::nhwc8h)});
  }
  conv("1x1, deep", {1, 520, 3, 5}, {128, 520, 1, 1}, pointwise, {1, 128, 3, 5});
  conv("1x1, two images", {2, 64, 7, 9}, {128, 64, 1, 1}, pointwise, {2, 128, 7, 9});
  conv("1x1, strided", {1, 136, 9, 9}, {72, 136, 1, 1}, {{2, 2}, {1, 1}, {0, 0, 0, 0}}, {});
  conv("3x3, deep", {1, 200, 5, 9}, {24, 200, 3, 3}, padded, {1, 24, 5, 9});
  conv("3x3, eight parts", {1, 512, 3, 3}, {16, 512, 3, 3}, padded, {});
  conv("3x3, strided", {2, 72, 19, 9}, {40, 72, 3, 3}, strided, {});
  conv("3x3, strided, parts", {1, 256, 6, 7}, {40, 256, 3, 3}, strided, {1, 40, 3, 4});
}

inline std::vector<Case> all_cases() {
  std::vector<Case> cases;
  add_stems(cases);
  add_half_convolutions(cases);
  add_products(cases);
  add_windows(cases);
  add_moves(cases);
  add_elementwise(cases);
  add_integers(cases);
  return cases;
}

}  // namespace stretto::kernels::cuda
