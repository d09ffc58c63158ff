// For tests of kernels: problems of quantised values, at random and some by hand.
#pragma once

#include "kernels/cpu/testing.h"

namespace stretto::kernels::testing {

/// The layouts of a device, beside plain: of bytes, and of reals.
struct DeviceLayouts {
  Layout bytes, reals, other_reals;
};
inline constexpr DeviceLayouts kCpuBlocks{Layout::c16, Layout::c16, Layout::c8};
inline constexpr DeviceLayouts kGpuBlocks{Layout::nhwc16, Layout::nhwc8, Layout::nhwc8};

/// Draws problems; the same for the same seed.
class IntegerProblems {
 public:
  explicit IntegerProblems(uint64_t seed, const DeviceLayouts& layouts = kCpuBlocks)
      : random_{seed}, layouts_(layouts) {}

  /// In [0, n).
  int64_t below(int64_t n) { return static_cast<int64_t>(random_.next() % static_cast<uint64_t>(n)); }
  bool coin() { return below(2) == 0; }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<int64_t>(values.size()))];
  }
  int64_t zero() { return one_of<int64_t>({0, 7, 128, 255}); }
  int64_t channels() { return one_of<int64_t>({1, 3, 16, 17, 32, 58}); }
  DType byte() { return one_of({DType::u8, DType::u8, DType::i8}); }
  int64_t zero_of(DType dtype) {
    return dtype == DType::u8 ? zero() : dtype == DType::i8 ? zero() - 128 : below(99) - 50;
  }
  Layout byte_layout() { return one_of({layouts_.bytes, Layout::plain}); }
  Layout real_layout() { return one_of({layouts_.reals, layouts_.other_reals, Layout::plain}); }
  Shape image() { return {1 + below(2), channels(), 1 + below(9), 1 + below(21)}; }

  op::Requantize requantization(DType src, DType other) {
    op::Requantize a;
    a.to = byte();
    a.src_zero = zero_of(src);
    a.other_zero = zero_of(other);
    a.other_scale = one_of({0.5f, -1.25f, 0.333f});
    a.zero = zero_of(a.to);
    a.low = a.to == DType::u8 ? 0 : -128;
    a.high = a.low + 255;
    if (coin()) a.low = a.zero;
    if (coin()) a.high = std::max(a.low, a.high - 40);
    a.slope = one_of({1.0f, 1.0f, 0.1f, 0.0f, 0.7f});
    return a;
  }
  int scales(Builder& b, int64_t count) { return b.constant({coin() ? count : 1}); }
  /// What may follow a sum of type `src`, which has `channels` along axis 1; `layout` is that of bytes.
  void rescale(Builder& b, int x, DType src, const Shape& shape, Layout layout) {
    op::Requantize a = requantization(src, DType::u8);
    std::vector<int> in{x, scales(b, shape[1])};
    if (coin()) in.push_back(b.in(shape, layout, DType::u8));
    x = b.node(a, in);
    if (a.to == DType::u8 && coin()) b.node(op::Lookup{}, {x, b.constant({256}, one_of({DType::u8, DType::i8}))});
  }

  Problem quantize() {
    Builder b;
    const DType to = byte();
    b.node(op::Quantize{one_of({0.01f, 0.007f, 0.3f}), zero_of(to), to}, {b.in(image(), real_layout())});
    return b.done(byte_layout());
  }
  Problem dequantize() {
    Builder b;
    Shape shape = image();
    const DType dtype = one_of({DType::u8, DType::i8, DType::i32});
    const Layout layout = dtype == DType::i32 ? Layout::plain : byte_layout();
    if (dtype == DType::i32 && coin()) shape[2] = shape[3] = 1;
    b.node(op::Dequantize{zero_of(dtype), 1}, {b.in(shape, layout, dtype), scales(b, shape[1])});
    return b.done(real_layout());
  }
  Problem requantize() {
    Builder b;
    Shape shape = image();
    const DType dtype = one_of({DType::u8, DType::u8, DType::i8, DType::i32});
    const Layout layout = byte_layout();
    if (dtype == DType::i32 && coin()) shape[2] = shape[3] = 1;
    rescale(b, b.in(shape, dtype == DType::i32 ? Layout::plain : layout, dtype), dtype, shape, layout);
    return b.done(layout);
  }
  Problem lookup() {
    Builder b;
    const DType to = one_of({DType::u8, DType::i8, DType::f32});
    const Layout layout = byte_layout();
    b.node(op::Lookup{}, {b.in(image(), layout, DType::u8), b.constant({256}, to)});
    return b.done(layout == Layout::plain ? Layout::plain : to == DType::f32 ? real_layout() : layout);
  }
  Problem pool() {
    Builder b;
    op::Pool a;
    a.kind = one_of({op::PoolKind::max, op::PoolKind::average});
    const int64_t kernel = 1 + below(3);
    a.kernel = {kernel, coin() ? kernel : 2};
    a.strides = {1 + below(3), 1 + below(2)};
    a.dilations = {1, 1};
    a.pads = {below(a.kernel[0]), below(a.kernel[1]), below(a.kernel[0]), below(a.kernel[1])};
    a.count_include_pad = coin();
    a.ceil_mode = coin();
    Shape shape = image();
    shape[2] += 3;
    shape[3] += 3;
    const Layout layout = byte_layout();
    b.node(a, {b.in(shape, layout, byte())});
    return b.done(layout);
  }
  Problem reduce() {
    Builder b;
    const auto kind = static_cast<op::ReduceKind>(below(4));
    const Dims axes = coin() ? Dims{2, 3} : one_of({Dims{1}, Dims{0, 2}, Dims{3}, Dims{1, 2, 3}});
    b.node(op::Reduce{kind, axes, coin()}, {b.in(image(), axes == Dims{2, 3} ? byte_layout() : Layout::plain, byte())});
    return b.done();
  }
  Problem move() {
    Builder b;
    const Shape shape = image();
    const Layout l = byte_layout();
    const DType dtype = byte();
    const int x = b.in(shape, l, dtype);
    switch (below(6)) {
      case 0:
        b.node(op::Reformat{}, {x});
        return b.done(byte_layout());
      case 1: {
        Shape other = shape;
        other[1] = channels();
        b.node(op::Concat{1}, {x, b.in(other, l, dtype), b.in(shape, l, dtype)});
        return b.done(l);
      }
      case 2: {
        const int64_t first = below(shape[1]);
        b.node(op::Slice{{0, first, 0, 0}, {1, 1, 1, 1}, {shape[0], 1 + below(shape[1] - first), shape[2], shape[3]}},
               {x});
        return b.done(l);
      }
      case 3: {
        const int64_t groups = shape[1] % 2 == 0 ? 2 : 1;
        int y = b.node(op::Reshape{{shape[0], groups, shape[1] / groups, shape[2], shape[3]}}, {x});
        y = b.node(op::Transpose{{0, 2, 1, 3, 4}}, {y});
        b.node(op::Reshape{shape}, {y});
        return b.done(l);
      }
      case 4:
        b.node(op::Pad{static_cast<op::PadMode>(below(2) * 2), {0, 0, below(3), 1, 0, 0, 2, below(3)}, 3}, {x});
        return b.done(l);
      default: {
        op::Resize a;
        a.sizes = {shape[0], shape[1], shape[2] * 2, shape[3] + 3};
        a.scale_h = 2;
        a.scale_w = static_cast<float>(shape[3] + 3) / static_cast<float>(shape[3]);
        a.coordinate = one_of({op::ResizeCoordinate::asymmetric, op::ResizeCoordinate::half_pixel});
        b.node(a, {x});
        return b.done(l);
      }
    }
  }
  /// A product of the sums in `x`, what follows it, and the problem.
  Problem after_product(Builder& b, int x, const Shape& dst) {
    const int64_t kind = below(3);
    if (kind == 1) b.node(op::Dequantize{below(9) - 4, 1}, {x, scales(b, dst[1])});
    if (kind == 2) rescale(b, x, DType::i32, dst, Layout::plain);
    return b.done();
  }
  Problem gemm() {
    Builder b;
    const int64_t m = one_of<int64_t>({1, 1, 3, 70}), k = one_of<int64_t>({1, 7, 64, 129, 300, 1030});
    const int64_t n = one_of<int64_t>({1, 10, 16, 33, 100});
    std::vector<int> in{b.in({m, k}, Layout::plain, DType::u8), b.constant({n, k}, DType::i8)};
    if (coin()) in.push_back(b.constant({n}, DType::i32));
    return after_product(b, b.node(op::GemmInteger{zero()}, in), {m, n});
  }
  Problem convolution() {
    Builder b;
    const int64_t groups = one_of<int64_t>({1, 1, 2, 8}), icg = one_of<int64_t>({1, 3, 16, 17});
    const int64_t ocg = one_of<int64_t>({1, 3, 10, 16});
    const bool transposed = below(3) == 0;
    const int64_t kh = 1 + below(3), kw = 1 + below(3);
    const Shape src{1 + below(2), groups * icg, 5 + below(6), 5 + below(9)};
    op::ConvTranspose t{
        {1 + below(2), 1 + below(2)}, {1, 1 + below(2)}, {below(kh), below(kw), 0, below(kw)}, {0, 0}, groups};
    op::ConvInteger c;
    static_cast<op::Conv&>(c) = {t.strides, t.dilations, t.pads, groups};
    c.zero = zero();
    op::ConvTransposeInteger ct;
    static_cast<op::ConvTranspose&>(ct) = t;
    ct.zero = c.zero;
    const Shape weights = transposed ? Shape{groups * icg, ocg, kh, kw} : Shape{groups * ocg, icg, kh, kw};
    std::vector<int> in{b.in(src, Layout::plain, DType::u8), b.constant(weights, DType::i8)};
    if (coin()) in.push_back(b.constant({groups * ocg}, DType::i32));
    std::vector<TensorType> types{{DType::u8, src}, {DType::i8, weights}};
    const Shape dst = (transposed ? op::infer(ct, types) : op::infer(c, types))->shape;
    return after_product(b, transposed ? b.node(ct, in) : b.node(c, in), dst);
  }
  Problem any() {
    switch (below(10)) {
      case 0:
        return quantize();
      case 1:
        return dequantize();
      case 2:
      case 3:
        return requantize();
      case 4:
        return lookup();
      case 5:
        return pool();
      case 6:
        return reduce();
      case 7:
        return move();
      case 8:
        return gemm();
      default:
        return convolution();
    }
  }

 private:
  Random random_;
  DeviceLayouts layouts_;
};

/// `count` problems of every sort.
inline std::vector<Problem> integer_problems(uint64_t seed, int count) {
  IntegerProblems draw(seed);
  std::vector<Problem> problems;
  for (int i = 0; i < count; ++i) problems.push_back(draw.any());
  return problems;
}

}  // namespace stretto::kernels::testing
