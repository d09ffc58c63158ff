// A graph of integers written as Q/DQ form reads back as a graph that computes the same integers.
#include "onnx/export_qdq.h"

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "ir/testing.h"
#include "onnx/testing.h"

namespace stretto::onnx {
namespace {

using namespace testing;
using ir::testing::Build;

/// Written, read and imported again.
Result<ImportedGraph> round_trip(const ir::Graph& graph) {
  const std::string path = ::testing::TempDir() + "/exported.onnx";
  STRETTO_TRY(export_qdq(graph, path));
  auto model = Model::read(path);
  std::remove(path.c_str());
  STRETTO_TRY(model.status());
  ImportOptions options;
  options.evaluate = ref::evaluate;
  return model->import(options);
}

std::vector<float> sample(int64_t count) {
  const Tensor x = ir::testing::random_floats({count}, 11, -4, 4);
  return {x.as<float>().begin(), x.as<float>().end()};
}

/// The graphs' only outputs, of f32, differ by no more than rounding.
void expect_same(const ir::Graph& graph, float step) {
  ASSERT_IMPORTS(again, round_trip(graph));
  const std::vector<float> x = sample(graph.value(graph.inputs()[0]).type.elements());
  const std::vector<float> expected = run(graph, x), got = run(again->graph, x);
  ASSERT_EQ(expected.size(), got.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 0.01f * step) << i;
}

Tensor bytes(DType type, Shape shape, int first, int factor) {
  Tensor t(TensorType{type, shape});
  for (int64_t i = 0; i < t.elements(); ++i) {
    t.as_mutable<int8_t>()[static_cast<size_t>(i)] = static_cast<int8_t>((first + factor * i) % 251 - 125);
  }
  return t;
}

class Integers : public Build {
 public:
  ir::ValueId source(Shape shape) { return node(op::Quantize{0.03f, 120, DType::u8}, {input(shape)}); }
  ir::ValueId scales(const std::vector<float>& values) {
    return constant(ir::testing::floats({static_cast<int64_t>(values.size())}, values), "scales");
  }
  ir::ValueId requantized(ir::ValueId x, const std::vector<float>& scale, op::Requantize a) {
    return node(a, {x, scales(scale)});
  }
  ir::ValueId real(ir::ValueId x, float scale, int64_t zero) {
    return node(op::Dequantize{zero, 1}, {x, scales({scale})});
  }
  ir::ValueId conv(ir::ValueId x, int64_t out, int64_t in, int64_t zero) {
    op::ConvInteger a;
    a.strides = a.dilations = {1, 1};
    a.pads = {1, 1, 1, 1};
    a.zero = zero;
    const std::vector<int32_t> bias(static_cast<size_t>(out), 321);
    return node(a, {x, constant(bytes(DType::i8, {out, in, 3, 3}, 5, 37), "w"),
                    constant(Tensor::of<int32_t>(DType::i32, {out}, bias), "b")});
  }
};

TEST(ExportQdq, products_bounds_additions_and_averages) {
  Integers b;
  ir::ValueId x = b.source({1, 3, 6, 6});
  op::Requantize relu{.zero = 10, .low = 10};
  ir::ValueId y = b.requantized(b.conv(x, 3, 3, 120), {0.00113f, 0.00207f, 0.00159f}, relu);
  op::Requantize clip{.zero = 20, .low = 25, .high = 200};
  ir::ValueId z = b.requantized(b.conv(y, 3, 3, 10), {0.00313f}, clip);
  op::Requantize sum{.src_zero = 20, .other_zero = 10, .other_scale = 0.717f, .zero = 100};
  z = b.node(sum, {z, b.scales({0.613f}), y});
  z = b.node(op::Pool{op::PoolKind::max, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}}, {z});
  z = b.node(op::Pool{op::PoolKind::average, {2, 2}, {1, 1}, {1, 1}, {0, 0, 0, 0}}, {z});
  z = b.node(op::Concat{1}, {z, z});
  ir::ValueId mean = b.node(op::Reduce{op::ReduceKind::sum, {2, 3}, true}, {z});
  op::Requantize average{.src_zero = 400, .zero = 90};
  mean = b.node(op::Reshape{{1, 6}}, {mean});
  mean = b.requantized(mean, {0.317f}, average);
  expect_same(b.output(b.real(mean, 0.05f, 90)), 0.05f);
}

TEST(ExportQdq, slopes_below_zero_of_products_and_additions_with_bounds) {
  Integers b;
  ir::ValueId x = b.source({1, 3, 6, 6});
  ir::ValueId y = b.requantized(b.conv(x, 3, 3, 120), {0.00113f, 0.00207f, 0.00159f}, {.zero = 30, .slope = 0.1f});
  op::Requantize sum{.other_zero = 30, .other_scale = 0.717f, .zero = 100, .low = 90, .high = 200, .slope = 0.25f};
  y = b.node(sum, {b.conv(y, 3, 3, 30), b.scales({0.00313f}), y});
  expect_same(b.output(b.real(y, 0.05f, 100)), 0.05f);
}

TEST(ExportQdq, gemm_transposed_conv_and_lookup) {
  Integers b;
  op::ConvTransposeInteger a;
  a.strides = {2, 2}, a.dilations = {1, 1}, a.pads = {0, 0, 0, 0}, a.output_padding = {0, 0}, a.group = 2, a.zero = 120;
  ir::ValueId t = b.node(a, {b.source({1, 4, 3, 3}), b.constant(bytes(DType::i8, {4, 2, 2, 2}, 3, 17), "w")});
  t = b.requantized(t, {0.00413f, 0.00227f, 0.00413f, 0.00227f}, op::Requantize{.zero = 128});
  t = b.node(op::Lookup{}, {t, b.constant(bytes(DType::u8, {256}, 1, 3), "table")});
  t = b.node(op::Reshape{{1, 144}}, {t});
  t = b.node(op::GemmInteger{7}, {t, b.constant(bytes(DType::i8, {5, 144}, 3, 29), "w")});
  ir::Graph g = b.output(b.node(op::Dequantize{0, 1}, {t, b.scales({0.1f, 0.2f, 0.3f, 0.4f, 0.5f})}));
  expect_same(g, 0.1f);
}

TEST(ExportQdq, operators_of_real_numbers_read_back_as_they_are) {
  Build b;
  ir::ValueId x = b.input({1, 4, 6, 6});
  x = b.conv(x, 4, 3, 1, b.random({4}, 2));
  for (op::UnaryKind kind : {op::UnaryKind::leaky_relu, op::UnaryKind::clip, op::UnaryKind::hard_sigmoid,
                             op::UnaryKind::swish, op::UnaryKind::hard_swish, op::UnaryKind::linear}) {
    x = b.unary(kind, x, 0.25f, 0.75f);
  }
  x = b.node(op::Slice{{0, 3, 0, 5}, {1, -1, 2, -2}, {1, 4, 3, 3}}, {x});
  x = b.node(op::Pad{op::PadMode::constant, {0, 0, 1, 0, 0, 0, 0, 2}, 0.5f}, {x});
  x = b.node(
      op::Resize{
          op::ResizeMode::linear, op::ResizeCoordinate::half_pixel, op::ResizeRounding::floor, {1, 4, 8, 10}, 2, 2},
      {x});
  x = b.node(op::Lrn{3, 0.1f, 0.75f, 1}, {x});
  x = b.node(op::Softmax{1}, {b.node(op::Transpose{{0, 2, 3, 1}}, {x})});
  x = b.node(op::Reduce{op::ReduceKind::sum, {1, 2}, false}, {x});
  x = b.binary(op::BinaryKind::max, b.node(op::Gemm{false, true}, {x, b.random({3, 4}, 4), b.random({3}, 5)}),
               b.scalar(0.1f));
  expect_same(b.output(x), 0.01f);
}

TEST(ExportQdq, what_has_no_words_is_refused_and_leaves_no_file) {
  Integers b;
  ir::Graph g = b.output(b.conv(b.source({1, 3, 6, 6}), 3, 3, 120));
  const std::string path = ::testing::TempDir() + "/refused.onnx";
  Status status = export_qdq(g, path);
  EXPECT_EQ(status.code(), Code::failed);
  EXPECT_TRUE(mentions(status.message(), {"conv_integer", "dequantize or requantize"})) << status.message();
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace stretto::onnx
