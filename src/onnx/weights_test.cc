// Weights: every way to store them, and files beside the model.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "onnx/testing.h"

namespace stretto::onnx {
namespace {

using namespace testing;
using ::testing::Test;

TEST(Weights, every_way_to_store_floats_reads_the_same) {
  for (int way = 0; way < 4; ++way) {
    ModelText m;
    m.input("x", {2}).output("y");
    auto* w = m.graph().add_initializer();
    w->set_name("w");
    w->add_dims(2);
    if (way == 0) {
      w->set_data_type(pb::TensorProto::FLOAT);
      w->add_float_data(1.5f), w->add_float_data(-2);
    } else if (way == 1) {
      w->set_data_type(pb::TensorProto::DOUBLE);
      w->add_double_data(1.5), w->add_double_data(-2);
    } else if (way == 2) {
      w->set_data_type(pb::TensorProto::FLOAT16);
      w->add_int32_data(0x3e00), w->add_int32_data(0xc000);
    } else {
      w->set_data_type(pb::TensorProto::BFLOAT16);
      w->set_raw_data(std::string("\xc0\x3f\x00\xc0", 4));
    }
    m.node("Add", {"x", "w"}, {"y"});
    ASSERT_IMPORTS(g, m.import());
    EXPECT_EQ(run(g->graph, {0, 0}), (std::vector<float>{1.5f, -2}));
    EXPECT_EQ(noted(*g, {"computed in float32"}), way > 0);
  }
}

TEST(Weights, half_precision_converts_subnormals_infinities_and_signs) {
  ModelText m;
  m.input("x", {5}).output("y");
  auto* w = m.graph().add_initializer();
  w->set_name("w");
  w->add_dims(5);
  w->set_data_type(pb::TensorProto::FLOAT16);
  for (int bits : {0x0001, 0x83ff, 0x7c00, 0xfbff, 0x3555}) w->add_int32_data(bits);
  m.node("Add", {"x", "w"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  std::vector<float> y = run(g->graph, {0, 0, 0, 0, 0});
  EXPECT_EQ(y[0], 0x1p-24f);
  EXPECT_EQ(y[1], -0x1.ff8p-15f);
  EXPECT_EQ(y[2], std::numeric_limits<float>::infinity());
  EXPECT_EQ(y[3], -65504.0f);
  EXPECT_EQ(y[4], 0.333251953125f);
  EXPECT_TRUE(noted(*g, {"'w'", "infinities"}));
}

TEST(Weights, initialisers_listed_as_inputs_are_weights) {
  ModelText m;
  m.input("x", {2}).input("w", {2}).floats("w", {2}, {1, 2}).output("y");
  m.node("Add", {"x", "w"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(g->graph.inputs().size(), 1u);
  EXPECT_EQ(m.model()->inputs().size(), 1u);
  EXPECT_EQ(m.model()->parameters(), 2);
}

TEST(Weights, constants_come_as_tensor_numbers_and_lists) {
  ModelText m;
  m.input("x", {2}).output("y");
  attribute(m.node("Constant", {}, {"a"}), "value_float", 2.0f);
  attribute(m.node("Constant", {}, {"b"}), "value_floats", std::vector<float>{1, 3});
  attribute(m.node("Constant", {}, {"s"}), "value_ints", std::vector<int64_t>{1, 2});
  m.node("Mul", {"x", "a"}, {"c"});
  m.node("Add", {"c", "b"}, {"d"});
  m.node("Reshape", {"d", "s"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(run(g->graph, {1, 1}), (std::vector<float>{3, 5}));
  EXPECT_EQ(m.model()->import({}).value().graph.value(0).type.shape, (Shape{2}));
}

TEST(Weights, float16_inputs_are_taken_as_float32_and_said) {
  ModelText m;
  m.input("x", {2}, pb::TensorProto::FLOAT16).output("y");
  attribute(m.node("Cast", {"x"}, {"a"}), "to", 1);
  m.node("Relu", {"a"}, {"b"});
  attribute(m.node("Cast", {"b"}, {"y"}), "to", 10);
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "relu");
  EXPECT_EQ(g->graph.value(g->graph.inputs()[0]).type.dtype, DType::f32);
  EXPECT_TRUE(noted(*g, {"input 'x'", "FLOAT16"}));
}

class ExternalData : public Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "stretto_onnx_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    std::filesystem::create_directory(dir_ / "model");
    std::vector<float> values{9, 9, 1, 2};
    for (const char* name : {"model/weights.bin", "outside.bin"}) {
      std::ofstream(dir_ / name, std::ios::binary).write(reinterpret_cast<const char*>(values.data()), 16);
    }
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  Result<Model> read(const std::string& location, const std::string& offset = "8", const std::string& length = "8") {
    ModelText m;
    m.input("x", {2}).output("y");
    auto* w = m.graph().add_initializer();
    w->set_name("w");
    w->add_dims(2);
    w->set_data_type(pb::TensorProto::FLOAT);
    w->set_data_location(pb::TensorProto::EXTERNAL);
    for (auto& [key, value] : {std::pair{"location", location}, {"offset", offset}, {"length", length}}) {
      auto* entry = w->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    m.node("Add", {"x", "w"}, {"y"});
    return m.model((dir_ / "model").string());
  }

  std::filesystem::path dir_;
};

TEST_F(ExternalData, is_read_from_beside_the_model) {
  auto model = read("weights.bin");
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_IMPORTS(g, model->import({}));
  EXPECT_EQ(run(g->graph, {0, 0}), (std::vector<float>{1, 2}));
}

TEST_F(ExternalData, may_not_leave_the_folder) {
  std::filesystem::create_symlink(dir_ / "outside.bin", dir_ / "model/link.bin");
  for (const std::string& location : {std::string("../outside.bin"), (dir_ / "outside.bin").string(),
                                      std::string("link.bin"), std::string("a/../../outside.bin"), std::string()}) {
    EXPECT_TRUE(mentions(read(location).status().message(), {"'w'", "outside"})) << location;
  }
}

TEST_F(ExternalData, ranges_are_checked_against_the_file) {
  EXPECT_TRUE(mentions(read("weights.bin", "12").status().message(), {"too short"}));
  EXPECT_TRUE(mentions(read("weights.bin", "9223372036854775807").status().message(), {"too short"}));
  EXPECT_TRUE(mentions(read("weights.bin", "-8").status().message(), {"offset"}));
  EXPECT_TRUE(mentions(read("weights.bin", "8", "4").status().message(), {"4 bytes"}));
  EXPECT_TRUE(mentions(read("missing.bin").status().message(), {"does not exist"}));
  EXPECT_TRUE(mentions(read(".").status().message(), {"not a file"}));
}

}  // namespace
}  // namespace stretto::onnx
