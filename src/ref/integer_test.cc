// Quantisation and integer products, on numbers worked out by hand.
#include <cmath>
#include <limits>

#include "ref/test_tensors.h"

namespace stretto::ref {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

template <class T>
Tensor tensor(DType dtype, Shape shape, std::vector<T> values) {
  return Tensor::of<T>(dtype, shape, values);
}
Tensor bytes(Shape shape, std::vector<uint8_t> values) {
  return tensor(DType::u8, shape, values);
}
Tensor signed_bytes(Shape shape, std::vector<int8_t> values) {
  return tensor(DType::i8, shape, values);
}
Tensor ints(Shape shape, std::vector<int32_t> values) {
  return tensor(DType::i32, shape, values);
}

template <class T>
std::vector<T> values_of(const Tensor& t) {
  std::span<const T> values = t.as<T>();
  return {values.begin(), values.end()};
}

TEST(Quantize, RoundsTiesToEvenAndSaturates) {
  const Tensor x = floats({8}, {0.25f, 0.75f, -0.25f, -0.75f, 1000, -1000, kNan, kInfinity});
  const Tensor y = computed(op::Quantize{0.5f, 10, DType::u8}, {x});
  EXPECT_EQ(values_of<uint8_t>(y), (std::vector<uint8_t>{10, 12, 10, 8, 255, 0, 10, 255}));
  const Tensor z = computed(op::Quantize{0.5f, 0, DType::i8}, {x});
  EXPECT_EQ(values_of<int8_t>(z), (std::vector<int8_t>{0, 2, 0, -2, 127, -128, 0, 127}));
}

TEST(Dequantize, ScalesByChannel) {
  const Tensor x = bytes({1, 2, 1, 2}, {10, 12, 0, 255});
  const Tensor y = computed(op::Dequantize{10, 1}, {x, floats({2}, {0.5f, 2})});
  EXPECT_EQ(values_of<float>(y), (std::vector<float>{0, 1, -20, 490}));
  const Tensor sum = computed(op::Dequantize{0, 1}, {ints({1, 1}, {1 << 30}), floats({1}, {0.5f})});
  EXPECT_EQ(values_of<float>(sum), std::vector<float>{static_cast<float>(1 << 29)});
}

TEST(Requantize, IsAReluAndAnAddition) {
  const Tensor sums = ints({1, 2, 1, 2}, {-100, 100, 25, 1 << 30});
  const Tensor scales = floats({2}, {0.1f, 0.1f});
  // 10·0.1 = 1 and so on; below `low` the ReLU cuts, above `high` the store saturates.
  EXPECT_EQ(values_of<uint8_t>(computed(op::Requantize{0, 0, 0, 5, 5, 255, DType::u8}, {sums, scales})),
            (std::vector<uint8_t>{5, 15, 7, 255}));
  const Tensor other = bytes({1, 2, 1, 2}, {3, 4, 5, 6});
  EXPECT_EQ(values_of<uint8_t>(computed(op::Requantize{0, 3, 2, 5, 0, 200, DType::u8}, {sums, scales, other})),
            (std::vector<uint8_t>{0, 17, 11, 200}));  // −10 + 0, 10 + 2, 2.5 + 4 = 6.5, to even, …
}

TEST(Requantize, SlopesWhatIsBelowZeroBeforeTheBounds) {
  const Tensor sums = ints({1, 1, 1, 4}, {-100, 100, -25, -1000}), scale = floats({1}, {0.1f});
  // −10, 10, −2.5 and −100 with a quarter of what is below zero: −2.5, to even, 10, −0.625 and −25, under `low`.
  EXPECT_EQ(values_of<uint8_t>(computed(op::Requantize{0, 0, 0, 20, 5, 255, DType::u8, 0.25f}, {sums, scale})),
            (std::vector<uint8_t>{18, 30, 19, 5}));
  const Tensor other = bytes({1, 1, 1, 4}, {3, 3, 7, 103});  // adds 0, 0, 4 and 100 first
  EXPECT_EQ(values_of<uint8_t>(computed(op::Requantize{0, 3, 1, 20, 0, 255, DType::u8, 0.25f}, {sums, scale, other})),
            (std::vector<uint8_t>{18, 30, 22, 20}));  // 1.5, to even
  EXPECT_EQ(values_of<uint8_t>(computed(op::Requantize{0, 0, 0, 20, 0, 255, DType::u8, 0}, {sums, scale})),
            (std::vector<uint8_t>{20, 30, 20, 20}));
}

TEST(Requantize, ReadsBytesAsWell) {
  const Tensor x = bytes({1, 1, 1, 3}, {0, 128, 255});
  EXPECT_EQ(values_of<int8_t>(computed(op::Requantize{128, 0, 0, 0, -128, 127, DType::i8}, {x, floats({1}, {0.5f})})),
            (std::vector<int8_t>{-64, 0, 64}));  // 127 · 0.5 = 63.5, to even
}

TEST(Lookup, ReadsTheTable) {
  std::vector<float> table(256);
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i) / 2;
  const Tensor y = computed(op::Lookup{}, {bytes({3}, {0, 7, 255}), floats({256}, table)});
  EXPECT_EQ(values_of<float>(y), (std::vector<float>{0, 3.5f, 127.5f}));
}

TEST(ConvInteger, PaddingAddsNothing) {
  op::ConvInteger conv;
  conv.strides = conv.dilations = {1, 1};
  conv.pads = {1, 1, 1, 1};
  conv.zero = 10;
  const Tensor src = bytes({1, 1, 1, 2}, {12, 5});
  const Tensor weights = signed_bytes({1, 1, 3, 3}, {9, 9, 9, 9, 2, -3, 9, 9, 9});
  const Tensor y = computed(conv, {src, weights, ints({1}, {100})});
  // The middle row alone meets the source: 2·2 − 3·(−5) + 100 and 9·2 + 2·(−5) + 100.
  EXPECT_EQ(values_of<int32_t>(y), (std::vector<int32_t>{119, 108}));
}

TEST(ConvInteger, SumsModuloTwoToThe32) {
  op::ConvInteger conv;
  conv.strides = conv.dilations = {1, 1};
  conv.pads = {0, 0, 0, 0};
  const Tensor y =
      computed(conv, {bytes({1, 1, 1, 1}, {255}), signed_bytes({1, 1, 1, 1}, {127}), ints({1}, {INT32_MAX})});
  EXPECT_EQ(values_of<int32_t>(y), std::vector<int32_t>{INT32_MIN + 255 * 127 - 1});
}

TEST(ConvTransposeInteger, ScattersDifferences) {
  op::ConvTransposeInteger conv;
  conv.strides = {1, 2};
  conv.dilations = {1, 1};
  conv.pads = {0, 0, 0, 0};
  conv.output_padding = {0, 0};
  conv.zero = 1;
  const Tensor y = computed(conv, {bytes({1, 1, 1, 2}, {2, 4}), signed_bytes({1, 1, 1, 2}, {5, -7})});
  EXPECT_EQ(values_of<int32_t>(y), (std::vector<int32_t>{5, -7, 15, -21}));
}

TEST(GemmInteger, MultipliesRows) {
  const Tensor a = bytes({2, 2}, {1, 2, 3, 4}), b = signed_bytes({3, 2}, {1, 0, 0, 1, -1, 2});
  const Tensor y = computed(op::GemmInteger{1}, {a, b, ints({3}, {0, 10, 20})});
  EXPECT_EQ(values_of<int32_t>(y), (std::vector<int32_t>{0, 11, 22, 2, 13, 24}));
}

TEST(PoolOfBytes, RoundsAveragesToEven) {
  op::Pool pool{op::PoolKind::average, {1, 2}, {1, 1}, {1, 1}, {0, 0, 0, 0}, false, false};
  EXPECT_EQ(values_of<uint8_t>(computed(pool, {bytes({1, 1, 1, 4}, {0, 1, 2, 255})})),
            (std::vector<uint8_t>{0, 2, 128}));  // 0.5, 1.5, 128.5
  pool.kind = op::PoolKind::max;
  EXPECT_EQ(values_of<int8_t>(computed(pool, {signed_bytes({1, 1, 1, 3}, {-3, -5, 7})})), (std::vector<int8_t>{-3, 7}));
}

TEST(ReduceOfBytes, SumsWiden) {
  const Tensor x = bytes({1, 1, 1, 3}, {255, 255, 251});
  EXPECT_EQ(values_of<int32_t>(computed(op::Reduce{op::ReduceKind::sum, {2, 3}, true}, {x})),
            std::vector<int32_t>{761});
  EXPECT_EQ(values_of<uint8_t>(computed(op::Reduce{op::ReduceKind::mean, {2, 3}, true}, {x})),
            std::vector<uint8_t>{254});
}

}  // namespace
}  // namespace stretto::ref
