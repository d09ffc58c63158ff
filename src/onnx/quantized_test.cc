// Quantised operators of a file: what they become, and what is refused.
#include "onnx/opsets.h"
#include "onnx/testing.h"

namespace stretto::onnx {
namespace {

using namespace testing;

template <class T>
void integers(ModelText& m, const std::string& name, int type, const std::vector<int64_t>& dims,
              const std::vector<T>& values) {
  auto* tensor = m.graph().add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(type);
  for (int64_t d : dims) tensor->add_dims(d);
  for (T v : values) tensor->add_int32_data(static_cast<int32_t>(v));
}

TEST(Quantized, rows_of_com_microsoft_are_sorted) {
  std::span<const OperatorRow> rows = microsoft_rows();
  for (size_t i = 1; i < rows.size(); ++i) EXPECT_LT(rows[i - 1].op, rows[i].op);
}

TEST(Quantized, a_pair_rounds_to_steps) {
  for (bool is_signed : {false, true}) {
    ModelText m(13);
    m.input("x", {4}).floats("s", {}, {0.5f}).output("y");
    integers<int>(m, "z", is_signed ? pb::TensorProto::INT8 : pb::TensorProto::UINT8, {}, {is_signed ? -28 : 100});
    m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    m.node("DequantizeLinear", {"q", "s", "z"}, {"y"});
    ASSERT_IMPORTS(g, m.import());
    EXPECT_EQ(operators_of(g->graph), "quantize dequantize");
    EXPECT_EQ(run(g->graph, {0.25f, 0.75f, -1000, 1000}), (std::vector<float>{0, 1, -50, 77.5f}));
  }
}

TEST(Quantized, an_absent_zero_point_is_0_of_u8) {
  ModelText m(13);
  m.input("x", {2}).floats("s", {1}, {2}).output("y");
  m.node("QuantizeLinear", {"x", "s"}, {"q"});
  m.node("DequantizeLinear", {"q", "s"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(run(g->graph, {-8, 7}), (std::vector<float>{0, 8}));
}

TEST(Quantized, scales_and_zero_points_by_axis) {
  ModelText m(13);
  m.input("x", {1, 2, 2}).floats("s", {2}, {1, 0.5f}).output("y");
  integers<int>(m, "z", pb::TensorProto::UINT8, {2}, {0, 10});
  m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  m.node("DequantizeLinear", {"q", "s", "z"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(run(g->graph, {1.25f, -1, 1.25f, -9}), (std::vector<float>{1, 0, 1, -5}));
}

TEST(Quantized, weights_stay_integers_until_passes_have_seen_them) {
  ModelText m(13);
  m.input("x", {1, 1, 1, 1}).floats("s", {2}, {1, 0.5f}).output("y");
  integers<int>(m, "w", pb::TensorProto::INT8, {2, 1, 1, 1}, {3, -4});
  attribute(m.node("DequantizeLinear", {"w", "s"}, {"real"}), "axis", 0);
  m.node("Conv", {"x", "real"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "dequantize conv");
  EXPECT_EQ(run(g->graph, {2}), (std::vector<float>{6, -4}));
}

/// Between a QuantizeLinear and a DequantizeLinear of scale `s` and zero point `z`.
ModelText between(const std::function<void(ModelText&)>& middle, const std::vector<int64_t>& dims) {
  ModelText m(13);
  auto* set = m.proto().add_opset_import();
  set->set_domain("com.microsoft");
  set->set_version(1);
  m.input("x", dims).floats("s", {}, {0.5f}).floats("t", {}, {1}).output("y");
  integers<int>(m, "z", pb::TensorProto::UINT8, {}, {100});
  m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  middle(m);
  m.node("DequantizeLinear", {"r", "t", "z"}, {"y"});
  return m;
}

TEST(Quantized, operators_of_onnx_runtime_compute_on_what_the_integers_mean) {
  auto check = [](const std::vector<float>& x, const std::vector<int64_t>& dims, const std::vector<float>& y,
                  const std::function<void(ModelText&)>& middle) {
    ASSERT_IMPORTS(g, between(middle, dims).import());
    EXPECT_EQ(run(g->graph, x), y);
  };
  auto node = [](ModelText& m, const char* op, const std::vector<std::string>& inputs) -> pb::NodeProto& {
    pb::NodeProto& n = m.node(op, inputs, {"r"}, "n");
    n.set_domain("com.microsoft");
    return n;
  };
  check({1, -3}, {2}, {2, -6}, [&](ModelText& m) { node(m, "QLinearAdd", {"q", "s", "z", "q", "s", "z", "t", "z"}); });
  check({1, -3}, {2}, {1, 9}, [&](ModelText& m) { node(m, "QLinearMul", {"q", "s", "z", "q", "s", "z", "t", "z"}); });
  check({1, 3, 5, 7}, {1, 1, 2, 2}, {4}, [&](ModelText& m) {
    node(m, "QLinearGlobalAveragePool", {"q", "s", "z", "t", "z"});
  });
  check({1, 3, 5, 7}, {1, 1, 2, 2}, {2, 6}, [&](ModelText& m) {
    attribute(node(m, "QLinearAveragePool", {"q", "s", "z", "t", "z"}), "kernel_shape", std::vector<int64_t>{1, 2});
  });
  check({1, 3}, {1, 2}, {1, 3, 1, 3}, [&](ModelText& m) {
    attribute(node(m, "QLinearConcat", {"t", "z", "q", "s", "z", "q", "s", "z"}), "axis", 1);
  });
  check({10, -10}, {2}, {1, 0}, [&](ModelText& m) { node(m, "QLinearSigmoid", {"q", "s", "z", "t", "z"}); });
  check({10, -10}, {2}, {10, -5}, [&](ModelText& m) {
    attribute(node(m, "QLinearLeakyRelu", {"q", "s", "z", "t", "z"}), "alpha", 0.5f);
  });
  check({1, 2}, {1, 2}, {11, -2}, [&](ModelText& m) {
    integers<int>(m, "w", pb::TensorProto::INT8, {2, 2}, {3, 0, 4, -1});
    integers<int>(m, "wz", pb::TensorProto::INT8, {}, {0});
    integers<int>(m, "c", pb::TensorProto::INT32, {2}, {0, 0});
    attribute(node(m, "QGemm", {"q", "s", "z", "w", "t", "wz", "c", "t", "z"}), "transB", 0);
  });
}

TEST(Quantized, integer_convolution_sums_what_is_above_the_zero_point) {
  ModelText m(10);
  m.input("x", {1, 1, 1, 2}, pb::TensorProto::UINT8).output("y");
  integers<int>(m, "w", pb::TensorProto::UINT8, {1, 1, 1, 2}, {250, 3});
  integers<int>(m, "z", pb::TensorProto::UINT8, {}, {5});
  m.node("ConvInteger", {"x", "w", "z"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  // 250 is the sum of two weights of i8.
  EXPECT_EQ(operators_of(g->graph), "conv_integer conv_integer add");
}

TEST(Quantized, what_cannot_be_is_refused_by_name) {
  auto check = [](const std::function<void(ModelText&)>& build, std::initializer_list<const char*> words) {
    ModelText m(21);
    m.input("x", {2, 4}).floats("s", {}, {0.5f}).floats("zero", {}, {0}).floats("many", {3}, {1, 1, 1});
    m.floats("blocks", {2, 2}, {1, 1, 1, 1}).output("y");
    integers<int>(m, "z16", pb::TensorProto::UINT16, {}, {1});
    integers<int>(m, "z2", pb::TensorProto::UINT8, {2}, {1, 2});
    build(m);
    EXPECT_TRUE(mentions(failure(m.import()), words)) << failure(m.import());
  };
  check([](ModelText& m) { m.node("QuantizeLinear", {"x", "zero"}, {"y"}, "n"); }, {"'n'", "scale", "above zero"});
  check([](ModelText& m) { m.node("QuantizeLinear", {"x", "x"}, {"y"}, "n"); }, {"'n'", "scale", "input 'x'"});
  check([](ModelText& m) { m.node("QuantizeLinear", {"x", "s", "z16"}, {"y"}, "n"); }, {"'n'", "u16", "8 bits"});
  check([](ModelText& m) { m.node("QuantizeLinear", {"x", "s", "z2"}, {"y"}, "n"); }, {"'n'", "2 zero points"});
  check([](ModelText& m) { m.node("QuantizeLinear", {"x", "many"}, {"y"}, "n"); }, {"'n'", "3 scales", "axis 1"});
  check([](ModelText& m) { m.node("QuantizeLinear", {"x", "blocks"}, {"y"}, "n"); }, {"'n'", "blocks"});
  check(
      [](ModelText& m) {
        attribute(m.node("QuantizeLinear", {"x", "s"}, {"y"}, "n"), "block_size", 2);
      },
      {"'n'", "block_size"});
  check(
      [](ModelText& m) {
        attribute(m.node("QuantizeLinear", {"x", "s"}, {"y"}, "n"), "output_dtype", 17);
      },
      {"'n'", "FLOAT8E4M3FN"});
  check([](ModelText& m) { m.node("DequantizeLinear", {"x", "s"}, {"y"}, "n"); }, {"'n'", "f32"});
  check(
      [](ModelText& m) {
        attribute(m.node("QuantizeLinear", {"x", "many"}, {"y"}, "n"), "axis", 9);
      },
      {"'n'", "axis 9"});
  check([](ModelText& m) { m.node("QLinearSoftmax", {"x"}, {"y"}, "n").set_domain("com.microsoft"); },
        {"com.microsoft::QLinearSoftmax ×1 (n)"});
}

}  // namespace
}  // namespace stretto::onnx
