#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "op/broadcast.h"
#include "op/op.h"

namespace stretto::op {
namespace {

TensorType f32(Shape shape) {
  return {DType::f32, shape};
}
TensorType i64(Shape shape) {
  return {DType::i64, shape};
}

std::string inferred(const Attrs& attrs, const std::vector<TensorType>& inputs) {
  Result<TensorType> type = infer(attrs, inputs);
  return type.ok() ? to_string(*type) : "refused";
}

void expect_refused(const Attrs& attrs, const std::vector<TensorType>& inputs) {
  Result<TensorType> type = infer(attrs, inputs);
  ASSERT_FALSE(type.ok()) << to_string(attrs) << " gave " << to_string(*type);
  EXPECT_EQ(type.status().message().find('\n'), std::string::npos);
  EXPECT_FALSE(type.status().message().empty());
}

const Dims k11{1, 1}, k0000{0, 0, 0, 0};
constexpr int64_t kBig = int64_t{1} << 31, kHuge = int64_t{1} << 62;

TEST(Infer, Conv) {
  EXPECT_EQ(inferred(Conv{{2, 2}, k11, {3, 3, 3, 3}, 1}, {f32({1, 3, 224, 224}), f32({64, 3, 7, 7}), f32({64})}),
            "f32[1x64x112x112]");
  EXPECT_EQ(inferred(Conv{k11, {2, 2}, {2, 2, 2, 2}, 8}, {f32({1, 8, 5, 5}), f32({8, 1, 3, 3})}), "f32[1x8x5x5]");
  EXPECT_EQ(inferred(Conv{{1}, {1}, {0, 0}, 1}, {f32({1, 2, 5}), f32({4, 2, 3})}), "f32[1x4x3]");
  EXPECT_EQ(inferred(Conv{{1, 1, 1}, {1, 1, 1}, {0, 0, 0, 0, 0, 0}, 1}, {f32({1, 1, 3, 3, 3}), f32({1, 1, 2, 2, 2})}),
            "f32[1x1x2x2x2]");
}

TensorType of(DType dtype, Shape shape) {
  return {dtype, shape};
}

ConvInteger conv_integer(int64_t zero) {
  ConvInteger conv;
  conv.strides = conv.dilations = k11;
  conv.pads = k0000;
  conv.zero = zero;
  return conv;
}

TEST(Infer, IntegerProducts) {
  const TensorType src = of(DType::u8, {1, 4, 5, 5}), weights = of(DType::i8, {8, 4, 3, 3});
  EXPECT_EQ(inferred(conv_integer(3), {src, weights, of(DType::i32, {8})}), "i32[1x8x3x3]");
  EXPECT_EQ(inferred(GemmInteger{0}, {of(DType::u8, {2, 7}), of(DType::i8, {5, 7})}), "i32[2x5]");
  expect_refused(conv_integer(256), {src, weights});
  expect_refused(conv_integer(0), {of(DType::i8, {1, 4, 5, 5}), weights});
  expect_refused(conv_integer(0), {src, of(DType::u8, {8, 4, 3, 3})});
  expect_refused(conv_integer(0), {src, weights, f32({8})});
  // 2^17 products of 255 · 128 could pass 2^31.
  expect_refused(conv_integer(0), {of(DType::u8, {1, 1 << 17, 1, 1}), of(DType::i8, {1, 1 << 17, 1, 1})});
  expect_refused(GemmInteger{0}, {of(DType::u8, {2, 1 << 17}), of(DType::i8, {5, 1 << 17})});
  expect_refused(GemmInteger{0}, {of(DType::u8, {2, 7}), of(DType::i8, {7, 5})});
}

TEST(Infer, Rescaling) {
  const TensorType x = f32({1, 4, 5, 5}), sums = of(DType::i32, {1, 4, 5, 5}), byte = of(DType::u8, {1, 4, 5, 5});
  EXPECT_EQ(inferred(Quantize{0.5f, 3, DType::u8}, {x}), "u8[1x4x5x5]");
  EXPECT_EQ(inferred(Dequantize{3, 1}, {byte, f32({4})}), "f32[1x4x5x5]");
  EXPECT_EQ(inferred(Requantize{0, 1, 0.5f, 2, 2, 255, DType::u8}, {sums, f32({4}), byte}), "u8[1x4x5x5]");
  EXPECT_EQ(inferred(Lookup{}, {byte, f32({256})}), "f32[1x4x5x5]");
  expect_refused(Quantize{0, 3, DType::u8}, {x});
  expect_refused(Quantize{-1, 3, DType::u8}, {x});
  expect_refused(Quantize{1, 128, DType::i8}, {x});
  expect_refused(Quantize{1, 0, DType::i32}, {x});
  expect_refused(Dequantize{3, 1}, {byte, f32({3})});
  expect_refused(Dequantize{3, 9}, {byte, f32({4})});
  expect_refused(Requantize{0, 0, 0, 0, 0, 256, DType::u8}, {sums, f32({4})});
  expect_refused(Requantize{0, 0, 0, 0, 9, 8, DType::u8}, {sums, f32({4})});
  expect_refused(Requantize{int64_t{1} << 31, 0, 0, 0, 0, 255, DType::u8}, {sums, f32({4})});
  expect_refused(Requantize{0, 0, 1, 0, 0, 255, DType::u8}, {sums, f32({4}), of(DType::u8, {1, 4, 5, 4})});
  for (float slope : {-0.1f, 1.5f, std::numeric_limits<float>::quiet_NaN()}) {
    expect_refused(Requantize{0, 0, 0, 0, 0, 255, DType::u8, slope}, {sums, f32({4})});
  }
  expect_refused(Lookup{}, {byte, f32({255})});
}

TEST(Infer, BytesPassPoolsAndSumsWiden) {
  const TensorType byte = of(DType::u8, {1, 4, 6, 6});
  const Pool pool{PoolKind::average, {2, 2}, {2, 2}, k11, k0000, false, false};
  EXPECT_EQ(inferred(pool, {byte}), "u8[1x4x3x3]");
  EXPECT_EQ(inferred(Reduce{ReduceKind::sum, {2, 3}, true}, {byte}), "i32[1x4x1x1]");
  EXPECT_EQ(inferred(Reduce{ReduceKind::max, {2, 3}, true}, {byte}), "u8[1x4x1x1]");
}

TEST(Infer, ConvRefuses) {
  TensorType src = f32({1, 4, 5, 5}), weights = f32({8, 4, 3, 3});
  Conv good{k11, k11, k0000, 1};
  EXPECT_EQ(inferred(good, {src, weights}), "f32[1x8x3x3]");
  expect_refused(good, {src});
  expect_refused(good, {src, weights, f32({8}), f32({8})});
  expect_refused(good, {src, weights, f32({7})});
  expect_refused(good, {src, weights, f32({8, 1})});
  expect_refused(good, {src, f32({8, 3, 3, 3})});
  expect_refused(good, {src, f32({8, 4, 3})});
  expect_refused(good, {src, f32({8, 4, 6, 3})});
  expect_refused(good, {src, {DType::f16, weights.shape}});
  expect_refused(good, {i64({1, 4, 5, 5}), i64({8, 4, 3, 3})});
  expect_refused(good, {f32({1, 4, 0, 5}), weights});
  expect_refused(good, {f32({4, 5}), f32({8, 4})});
  expect_refused(Conv{{0, 1}, k11, k0000, 1}, {src, weights});
  expect_refused(Conv{{1}, k11, k0000, 1}, {src, weights});
  expect_refused(Conv{k11, {1, -1}, k0000, 1}, {src, weights});
  expect_refused(Conv{k11, k11, {0, 0, 0, -1}, 1}, {src, weights});
  expect_refused(Conv{k11, k11, {0, 0, 0, kHuge}, 1}, {src, weights});
  expect_refused(Conv{k11, {kHuge, 1}, k0000, 1}, {src, weights});
  expect_refused(Conv{k11, k11, k0000, 0}, {src, weights});
  expect_refused(Conv{k11, k11, k0000, -4}, {src, weights});
  expect_refused(Conv{k11, k11, k0000, kHuge}, {src, weights});
  expect_refused(Conv{k11, k11, k0000, 3}, {f32({1, 12, 5, 5}), weights});
  expect_refused(Conv{k11, k11, {kBig - 1, 0, kBig - 1, 0}, 1}, {src, weights});
}

TEST(Infer, ConvTranspose) {
  ConvTranspose up{{2, 2}, k11, k0000, {0, 0}, 1};
  EXPECT_EQ(inferred(up, {f32({1, 8, 5, 7}), f32({8, 4, 2, 2}), f32({4})}), "f32[1x4x10x14]");
  EXPECT_EQ(inferred(ConvTranspose{{3, 2}, k11, {1, 1, 0, 0}, {1, 0}, 2}, {f32({1, 4, 3, 3}), f32({4, 3, 3, 3})}),
            "f32[1x6x9x6]");
  expect_refused(up, {f32({1, 8, 5, 7}), f32({7, 4, 2, 2})});
  expect_refused(up, {f32({1, 8, 5, 7}), f32({8, 4, 2, 2}), f32({8})});
  expect_refused(ConvTranspose{{2, 2}, k11, {9, 0, 9, 0}, {0, 0}, 1}, {f32({1, 8, 5, 7}), f32({8, 4, 2, 2})});
  expect_refused(ConvTranspose{{kBig - 1, 1}, k11, k0000, {0, 0}, 1}, {f32({1, 8, 5, 7}), f32({8, 4, 2, 2})});
  expect_refused(ConvTranspose{{2, 2}, k11, k0000, {0, -1}, 1}, {f32({1, 8, 5, 7}), f32({8, 4, 2, 2})});
  expect_refused(ConvTranspose{{2, 2}, k11, k0000, {0}, 1}, {f32({1, 8, 5, 7}), f32({8, 4, 2, 2})});
}

TEST(Infer, MatrixProducts) {
  EXPECT_EQ(inferred(Gemm{false, true}, {f32({2, 3}), f32({4, 3}), f32({4})}), "f32[2x4]");
  EXPECT_EQ(inferred(Gemm{true, false}, {f32({3, 2}), f32({3, 4}), f32({2, 1})}), "f32[2x4]");
  EXPECT_EQ(inferred(Gemm{}, {f32({2, 3}), f32({3, 4}), f32({})}), "f32[2x4]");
  expect_refused(Gemm{}, {f32({2, 3}), f32({4, 3})});
  expect_refused(Gemm{}, {f32({2, 3}), f32({3, 4}), f32({3})});
  expect_refused(Gemm{}, {f32({2, 3}), f32({3, 4}), f32({1, 2, 4})});
  expect_refused(Gemm{}, {f32({1, 2, 3}), f32({3, 4})});
  expect_refused(Gemm{}, {i64({2, 3}), i64({3, 4})});
  EXPECT_EQ(inferred(MatMul{}, {f32({5, 1, 2, 3}), f32({7, 3, 4})}), "f32[5x7x2x4]");
  EXPECT_EQ(inferred(MatMul{}, {f32({3}), f32({7, 3, 4})}), "f32[7x4]");
  EXPECT_EQ(inferred(MatMul{}, {f32({2, 3}), f32({3})}), "f32[2]");
  EXPECT_EQ(inferred(MatMul{}, {f32({3}), f32({3})}), "f32[]");
  expect_refused(MatMul{}, {f32({}), f32({3})});
  expect_refused(MatMul{}, {f32({2, 3}), f32({2, 3})});
  expect_refused(MatMul{}, {f32({2, 4, 3}), f32({3, 3, 4})});
}

TEST(Infer, Elementwise) {
  EXPECT_EQ(inferred(Unary{UnaryKind::relu}, {f32({2})}), "f32[2]");
  EXPECT_EQ(inferred(Unary{UnaryKind::neg}, {i64({2})}), "i64[2]");
  EXPECT_EQ(inferred(Unary{UnaryKind::neg}, {i64({0})}), "i64[0]");
  expect_refused(Unary{UnaryKind::exp}, {i64({2})});
  expect_refused(Unary{UnaryKind::relu}, {{DType::u8, {2}}});
  expect_refused(Unary{UnaryKind::relu}, {f32({0})});
  expect_refused(Unary{static_cast<UnaryKind>(99)}, {f32({2})});
  expect_refused(Unary{UnaryKind::clip, NAN, 1}, {f32({2})});
  EXPECT_EQ(inferred(Binary{BinaryKind::add}, {f32({2, 1, 3}), f32({4, 1})}), "f32[2x4x3]");
  EXPECT_EQ(inferred(Binary{BinaryKind::div}, {i64({2}), i64({})}), "i64[2]");
  expect_refused(Binary{BinaryKind::add}, {f32({2}), f32({3})});
  expect_refused(Binary{BinaryKind::add}, {f32({2}), i64({2})});
  expect_refused(Binary{BinaryKind::prelu}, {i64({2}), i64({2})});
  expect_refused(Binary{BinaryKind::add}, {f32({1 << 21, 1}), f32({1, 1 << 21})});
  EXPECT_EQ(inferred(BatchNorm{}, {f32({1, 3, 2}), f32({3}), f32({3}), f32({3}), f32({3})}), "f32[1x3x2]");
  expect_refused(BatchNorm{}, {f32({1, 3, 2}), f32({3}), f32({3}), f32({3}), f32({2})});
  expect_refused(BatchNorm{-1}, {f32({1, 3}), f32({3}), f32({3}), f32({3}), f32({3})});
  expect_refused(BatchNorm{}, {f32({3}), f32({3}), f32({3}), f32({3}), f32({3})});
  EXPECT_EQ(inferred(Softmax{1}, {f32({1, 3})}), "f32[1x3]");
  expect_refused(Softmax{2}, {f32({1, 3})});
  expect_refused(Softmax{-1}, {f32({1, 3})});
  EXPECT_EQ(inferred(Lrn{}, {f32({1, 3, 2, 2})}), "f32[1x3x2x2]");
  expect_refused(Lrn{0}, {f32({1, 3, 2, 2})});
  EXPECT_EQ(inferred(Cast{DType::i64}, {f32({1, 3})}), "i64[1x3]");
  expect_refused(Cast{static_cast<DType>(77)}, {f32({1, 3})});
  expect_refused(Reformat{}, {{static_cast<DType>(77), {1}}});
}

TEST(Infer, Pool) {
  auto pool = [](Dims kernel, Dims strides, Dims dilations, Dims pads, bool ceil) {
    return Pool{PoolKind::max, kernel, strides, dilations, pads, false, ceil};
  };
  EXPECT_EQ(inferred(pool({3, 3}, {2, 2}, k11, {1, 1, 1, 1}, false), {f32({1, 2, 112, 112})}), "f32[1x2x56x56]");
  EXPECT_EQ(inferred(pool({3, 3}, {2, 2}, k11, k0000, false), {f32({1, 2, 6, 6})}), "f32[1x2x2x2]");
  EXPECT_EQ(inferred(pool({3, 3}, {2, 2}, k11, k0000, true), {f32({1, 2, 6, 6})}), "f32[1x2x3x3]");
  // ceil would place a window past the input: 2 in, kernel 1, stride 2, and one pad at the end.
  EXPECT_EQ(inferred(pool({2}, {2}, {1}, {1, 1}, true), {f32({1, 1, 3})}), "f32[1x1x2]");
  EXPECT_EQ(inferred(pool({2}, {1}, {2}, {0, 0}, false), {f32({1, 1, 5})}), "f32[1x1x3]");
  TensorType src = f32({1, 2, 5, 5});
  expect_refused(pool({3, 3}, {1, 1}, k11, {3, 0, 0, 0}, false), {src});
  expect_refused(pool({6, 3}, {1, 1}, k11, k0000, false), {src});
  expect_refused(pool({0, 3}, {1, 1}, k11, k0000, false), {src});
  expect_refused(pool({3, 3}, {0, 1}, k11, k0000, false), {src});
  expect_refused(pool({3, 3}, {1, 1}, {0, 1}, k0000, false), {src});
  expect_refused(pool({kHuge, 3}, {1, 1}, k11, k0000, false), {src});
  expect_refused(pool({3}, {1}, {1}, {0, 0}, false), {src});
  expect_refused(pool({2}, {1}, {3}, {2, 2}, false), {f32({1, 1, 1})});  // a window that sees only padding
  EXPECT_EQ(inferred(pool({3}, {1}, {2}, {2, 2}, false), {f32({1, 1, 1})}), "f32[1x1x1]");
  expect_refused(Pool{static_cast<PoolKind>(9), {1}, {1}, {1}, {0, 0}}, {f32({1, 1, 1})});
}

TEST(Infer, Reduce) {
  EXPECT_EQ(inferred(Reduce{ReduceKind::mean, {2, 3}, true}, {f32({1, 3, 4, 5})}), "f32[1x3x1x1]");
  EXPECT_EQ(inferred(Reduce{ReduceKind::mean, {1, 3}, false}, {f32({2, 3, 4, 5})}), "f32[2x4]");
  EXPECT_EQ(inferred(Reduce{ReduceKind::sum, {0}, false}, {i64({3})}), "i64[]");
  EXPECT_EQ(inferred(Reduce{ReduceKind::sum, {}, false}, {f32({3})}), "f32[3]");
  expect_refused(Reduce{ReduceKind::mean, {3, 2}, true}, {f32({1, 3, 4, 5})});
  expect_refused(Reduce{ReduceKind::mean, {2, 2}, true}, {f32({1, 3, 4, 5})});
  expect_refused(Reduce{ReduceKind::mean, {4}, true}, {f32({1, 3, 4, 5})});
  expect_refused(Reduce{ReduceKind::mean, {-1}, true}, {f32({1, 3, 4, 5})});
}

TEST(Infer, Movement) {
  EXPECT_EQ(inferred(Concat{1}, {f32({1, 2, 3}), f32({1, 5, 3})}), "f32[1x7x3]");
  EXPECT_EQ(inferred(Concat{0}, {i64({0}), i64({2})}), "i64[2]");
  expect_refused(Concat{1}, {});
  expect_refused(Concat{1}, {f32({1, 2, 3}), f32({1, 5, 4})});
  expect_refused(Concat{1}, {f32({1, 2, 3}), f32({1, 5})});
  expect_refused(Concat{1}, {f32({1, 2, 3}), f32({1})});
  expect_refused(Concat{0}, {f32({1}), i64({1})});
  expect_refused(Concat{3}, {f32({1, 2, 3})});

  EXPECT_EQ(inferred(Slice{{1, 4}, {1, -2}, {2, 3}}, {f32({3, 5})}), "f32[2x3]");
  EXPECT_EQ(inferred(Slice{{2}, {1}, {0}}, {i64({2})}), "i64[0]");
  expect_refused(Slice{{1, 4}, {1, -2}, {3, 3}}, {f32({3, 5})});
  expect_refused(Slice{{1, 3}, {1, -2}, {2, 3}}, {f32({3, 5})});
  expect_refused(Slice{{1, 4}, {1, 0}, {2, 1}}, {f32({3, 5})});
  expect_refused(Slice{{-1}, {1}, {1}}, {f32({3})});
  expect_refused(Slice{{3}, {1}, {1}}, {f32({3})});
  expect_refused(Slice{{0}, {kBig - 1}, {kBig - 1}}, {f32({3})});
  expect_refused(Slice{{0}, {1}, {0}}, {f32({3})});

  EXPECT_EQ(inferred(Reshape{{3, 2}}, {f32({6})}), "f32[3x2]");
  EXPECT_EQ(inferred(Reshape{{}}, {f32({1})}), "f32[]");
  expect_refused(Reshape{{-1, 2}}, {f32({6})});
  expect_refused(Reshape{{4}}, {f32({6})});
  expect_refused(Reshape{{kHuge, 4, 6}}, {f32({6})});
  expect_refused(Reshape{{1, 1, 1, 1, 1, 1, 1, 1, 6}}, {f32({6})});

  EXPECT_EQ(inferred(Transpose{{2, 0, 1}}, {f32({3, 4, 5})}), "f32[5x3x4]");
  expect_refused(Transpose{{2, 0}}, {f32({3, 4, 5})});
  expect_refused(Transpose{{2, 0, 0}}, {f32({3, 4, 5})});
  expect_refused(Transpose{{2, 0, 3}}, {f32({3, 4, 5})});
  expect_refused(Transpose{{2, 0, -1}}, {f32({3, 4, 5})});
  expect_refused(Transpose{{2, 0, 1, 0}}, {f32({3, 4, 5})});

  EXPECT_EQ(inferred(Expand{{2, 3, 4}}, {f32({3, 1})}), "f32[2x3x4]");
  expect_refused(Expand{{1}}, {f32({3})});
  expect_refused(Expand{{4}}, {f32({2, 4})});
  expect_refused(Expand{{kHuge, kHuge}}, {f32({1})});

  EXPECT_EQ(inferred(Gather{1}, {f32({2, 3, 4}), i64({5, 6})}), "f32[2x5x6x4]");
  EXPECT_EQ(inferred(Gather{0}, {i64({4}), i64({})}), "i64[]");
  expect_refused(Gather{0}, {f32({4}), f32({2})});
  expect_refused(Gather{1}, {f32({4}), i64({2})});
  expect_refused(Gather{0}, {f32({1, 1, 1, 1, 1}), i64({1, 1, 1, 1, 1})});
  expect_refused(Gather{0}, {i64({0}), i64({1})});
}

TEST(Infer, Pad) {
  EXPECT_EQ(inferred(Pad{PadMode::constant, {1, 0, -1, 2}}, {f32({3, 4})}), "f32[3x6]");
  EXPECT_EQ(inferred(Pad{PadMode::reflect, {2, 2}}, {f32({3})}), "f32[7]");
  expect_refused(Pad{PadMode::reflect, {3, 0}}, {f32({3})});
  expect_refused(Pad{PadMode::constant, {-3, 9}}, {f32({3})});
  expect_refused(Pad{PadMode::constant, {-2, -1}}, {f32({3})});
  expect_refused(Pad{PadMode::constant, {1}}, {f32({3})});
  expect_refused(Pad{PadMode::constant, {kHuge, kHuge}}, {f32({3})});
  expect_refused(Pad{static_cast<PadMode>(5), {1, 1}}, {f32({3})});
}

TEST(Infer, Resize) {
  auto resize = [](Dims sizes, float h, float w) {
    return Resize{ResizeMode::nearest, ResizeCoordinate::asymmetric, ResizeRounding::floor, sizes, h, w};
  };
  TensorType src = f32({1, 2, 4, 4});
  EXPECT_EQ(inferred(resize({1, 2, 8, 2}, 2, 0.6f), {src}), "f32[1x2x8x2]");
  EXPECT_EQ(inferred(resize({1, 2, 8, 8}, 2, 2), {{DType::u8, {1, 2, 4, 4}}}), "u8[1x2x8x8]");
  expect_refused(resize({1, 2, 8, 8}, 2, 3), {src});
  expect_refused(resize({1, 3, 8, 8}, 2, 2), {src});
  expect_refused(resize({1, 2, 8}, 2, 2), {src});
  expect_refused(resize({1, 2, 0, 8}, 0.1f, 2), {src});
  expect_refused(resize({1, 2, 8, 8}, -2, 2), {src});
  expect_refused(resize({1, 2, 8, 8}, NAN, 2), {src});
  expect_refused(resize({1, 2, 8, 8}, INFINITY, 2), {src});
  expect_refused(Resize{ResizeMode::linear, {}, {}, {1, 2, 8, 8}, 2, 2}, {{DType::u8, {1, 2, 4, 4}}});
}

TEST(Infer, RefusesShapesNobodyCanHold) {
  expect_refused(Reformat{}, {f32({-1, 2})});
  expect_refused(Reformat{}, {f32({kBig, 1})});
  expect_refused(Reformat{}, {f32({1 << 30, 1 << 30})});
  expect_refused(Reformat{}, {f32({1, 1, 1, 1, 1, 1, 1, 1, 1})});
}

TEST(Flops, CountMultiplyAccumulatesTwice) {
  std::vector<TensorType> in{f32({1, 3, 8, 8}), f32({4, 3, 3, 3})};
  Conv conv{k11, k11, {1, 1, 1, 1}, 1};
  EXPECT_EQ(flops(conv, in, *infer(conv, in)), 2.0 * 4 * 64 * 27);
  in.push_back(f32({4}));
  EXPECT_EQ(flops(conv, in, *infer(conv, in)), 2.0 * 4 * 64 * 27 + 4 * 64);
  std::vector<TensorType> matrices{f32({2, 3}), f32({3, 4})};
  EXPECT_EQ(flops(Gemm{}, matrices, f32({2, 4})), 48);
  EXPECT_EQ(flops(MatMul{}, matrices, f32({2, 4})), 48);
  EXPECT_EQ(flops(Reformat{}, matrices, f32({2, 3})), 0);
}

TEST(Broadcast, StridesAreZeroWhereAnAxisRepeats) {
  EXPECT_EQ(broadcast_strides({3, 1}, {2, 3, 4}), (Dims{0, 1, 0}));
  EXPECT_EQ(broadcast_strides({}, {2, 3}), (Dims{0, 0}));
  EXPECT_EQ(broadcast_shapes({2, 1}, {0}), (Shape{2, 0}));
}

}  // namespace
}  // namespace stretto::op
