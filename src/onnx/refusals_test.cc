// Models that cannot be imported: unsupported ones are refused by name, damaged and hostile ones without a crash.
#include "onnx/testing.h"

namespace stretto::onnx {
namespace {

using namespace testing;

TEST(Refusals, all_unsupported_operators_are_named_at_once) {
  ModelText m;
  m.input("x", {2}).output("y").output("z");
  m.node("NonZero", {"x"}, {"a"}, "n1");
  m.node("NonZero", {"x"}, {"b"}, "n2");
  m.node("Foo", {"a"}, {"y"}, "f").set_domain("com.example");
  m.node("If", {"x"}, {"z"}, "branch");
  auto g = m.import();
  EXPECT_EQ(g.status().code(), Code::failed);
  EXPECT_TRUE(mentions(failure(g), {"NonZero ×2 (n1, n2)", "com.example::Foo ×1 (f)", "If ×1 (branch)"}));
  std::vector<Unsupported> list = m.model()->unsupported();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].op, "ai.onnx::NonZero");
  EXPECT_EQ(list[0].count, 2);
}

TEST(Refusals, an_operator_outside_its_opset_is_unsupported) {
  ModelText m(13);
  m.input("x", {1, 1, 2, 2}).floats("s", {4}, {1, 1, 2, 2}).output("y");
  m.node("Upsample", {"x", "s"}, {"y"}, "up");
  EXPECT_TRUE(mentions(failure(m.import()), {"Upsample ×1 (up)"}));
}

TEST(Refusals, helpers_of_shape_arithmetic_are_unsupported_on_data) {
  ModelText m;
  m.input("x", {2}).floats("w", {2}, {1.5, 2}).output("y").output("z");
  m.node("NonZero", {"x"}, {"y"}, "of_data");
  m.node("NonZero", {"w"}, {"z"}, "of_weights");
  EXPECT_TRUE(mentions(failure(m.import()), {"NonZero ×1 (of_data)"}));
}

TEST(Refusals, model_local_functions_are_named) {
  ModelText m;
  m.input("x", {2}).output("y");
  auto* f = m.proto().add_functions();
  f->set_name("Relu");
  f->set_domain("");
  m.node("Relu", {"x"}, {"y"}, "r");
  EXPECT_TRUE(mentions(failure(m.import()), {"Relu ×1 (r)"}));
}

TEST(Refusals, broken_graphs_name_what_is_wrong) {
  auto check = [](auto&& build, std::initializer_list<const char*> words) {
    ModelText m;
    m.input("x", {2}).output("y");
    build(m);
    auto g = m.import();
    EXPECT_EQ(g.ok() ? Code::ok : g.status().code(), Code::bad_input) << failure(g);
    EXPECT_TRUE(mentions(failure(g), words)) << failure(g);
  };
  check(
      [](ModelText& m) {
        m.node("Add", {"x", "b"}, {"a"}, "p"), m.node("Add", {"a", "x"}, {"b"}, "q"), m.node("Relu", {"b"}, {"y"});
      },
      {"cycle", "'p'"});
  check([](ModelText& m) { m.node("Relu", {"x"}, {"y"}), m.node("Tanh", {"x"}, {"y"}, "t"); }, {"'y'", "twice", "'t'"});
  check([](ModelText& m) { m.node("Relu", {"q"}, {"y"}, "r"); }, {"'q'", "'r'"});
  check([](ModelText& m) { m.node("Relu", {"x"}, {"z"}); }, {"output 'y'"});
  check([](ModelText& m) { m.node("Relu", {}, {"y"}, "r"); }, {"'r'", "input 0"});
  check([](ModelText& m) { m.node("Conv", {"x", "x"}, {"y"}, "c"); }, {"'c'"});
  check([](ModelText& m) { m.input("x", {2}), m.node("Relu", {"x"}, {"y"}); }, {"'x'", "twice"});
  check([](ModelText& m) { m.filled("w", {1}, 0).filled("w", {1}, 0), m.node("Relu", {"x"}, {"y"}); },
        {"'w'", "twice"});
  check([](ModelText& m) { attribute(m.node("Transpose", {"x"}, {"y"}, "t"), "perm", 1.0f); }, {"'t'", "'perm'"});
  check([](ModelText& m) { attribute(m.node("Transpose", {"x"}, {"y"}, "t"), "perm", std::vector<int64_t>(99, 0)); },
        {"'t'", "99"});
}

TEST(Refusals, tensors_whose_numbers_disagree) {
  auto check = [](auto&& build, std::initializer_list<const char*> words) {
    ModelText m;
    m.input("x", {2}).output("y");
    auto* w = m.graph().add_initializer();
    w->set_name("w");
    w->set_data_type(pb::TensorProto::FLOAT);
    build(*w);
    m.node("Relu", {"x"}, {"y"});
    EXPECT_TRUE(mentions(failure(m.import()), words)) << failure(m.import());
  };
  check([](pb::TensorProto& w) { w.add_dims(4), w.set_raw_data("12345678"); }, {"'w'", "8 bytes", "16"});
  check([](pb::TensorProto& w) { w.add_dims(4), w.add_float_data(1); }, {"'w'", "1 elements", "4"});
  check([](pb::TensorProto& w) { w.add_dims(-4); }, {"'w'", "-4"});
  check([](pb::TensorProto& w) { w.add_dims(int64_t{1} << 31), w.add_dims(int64_t{1} << 31), w.add_dims(4); }, {"'w'"});
  check([](pb::TensorProto& w) { w.add_dims(int64_t{1} << 39); }, {"'w'", "0 elements"});
  check(
      [](pb::TensorProto& w) {
        for (int i = 0; i < 9; ++i) w.add_dims(1);
      },
      {"'w'", "rank 9"});
  check([](pb::TensorProto& w) { w.set_data_type(8); }, {"'w'", "STRING"});
  check([](pb::TensorProto& w) { w.set_data_type(19); }, {"'w'", "FLOAT8E5M2"});
  check([](pb::TensorProto& w) { w.set_data_type(-7); }, {"'w'", "type -7"});
}

TEST(Refusals, sparse_initialisers_and_odd_inputs) {
  ModelText m;
  m.input("x", {2}).output("y");
  m.graph().add_sparse_initializer()->mutable_values()->set_name("s");
  m.node("Relu", {"x"}, {"y"});
  EXPECT_TRUE(mentions(failure(m.import()), {"sparse", "'s'"}));
  ModelText text;
  text.input("x", {2}, pb::TensorProto::STRING).output("y");
  text.node("Relu", {"x"}, {"y"});
  EXPECT_TRUE(mentions(failure(text.import()), {"'x'", "STRING"}));
  ModelText sequence;
  sequence.output("y");
  auto* info = sequence.graph().add_input();
  info->set_name("x");
  info->mutable_type()->mutable_sequence_type();
  sequence.node("Relu", {"x"}, {"y"});
  EXPECT_TRUE(mentions(failure(sequence.import()), {"'x'", "not a tensor"}));
}

TEST(Refusals, files_that_are_not_models) {
  auto parse = [](const std::string& bytes) {
    return Model::parse(std::as_bytes(std::span(bytes.data(), bytes.size())), "");
  };
  EXPECT_EQ(parse("").status().code(), Code::bad_input);
  EXPECT_EQ(parse("hello, world").status().code(), Code::bad_input);
  ModelText m;
  m.input("x", {2}).filled("w", {64}, 1).output("y");
  m.node("Relu", {"x"}, {"y"});
  std::string bytes = m.proto().SerializeAsString();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse(bytes.substr(0, size)).ok()) << size;
  }
  EXPECT_EQ(Model::read("/nonexistent.onnx").status().code(), Code::bad_input);
  EXPECT_TRUE(mentions(Model::read("/").status().message(), {"not a file"}));
}

TEST(Refusals, damaged_models_never_crash) {
  ModelText m;
  m.input("x", {1, 2, 6, 6})
      .filled("w", {4, 2, 3, 3}, 1)
      .ints("t", {1, -1})
      .ints("ends", {3})
      .ints("axes", {1})
      .output("y");
  auto& conv = m.node("Conv", {"x", "w"}, {"a"});
  attribute(conv, "pads", std::vector<int64_t>{1, 1, 1, 1});
  attribute(conv, "auto_pad", "SAME_UPPER");
  attribute(m.node("MaxPool", {"a"}, {"b"}), "kernel_shape", std::vector<int64_t>{2, 2});
  m.node("Slice", {"b", "axes", "ends", "axes"}, {"c"});
  m.node("Reshape", {"c", "t"}, {"y"});
  const std::string bytes = m.proto().SerializeAsString();
  uint32_t random = 12345;
  auto next = [&random] { return random = random * 1664525u + 1013904223u, random >> 8; };
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = bytes;
    for (uint32_t i = 0; i <= next() % 4; ++i) damaged[next() % damaged.size()] = static_cast<char>(next());
    auto model = Model::parse(std::as_bytes(std::span(damaged.data(), damaged.size())), "/nonexistent");
    if (!model.ok()) continue;
    auto g = model->import({.evaluate = ref::evaluate});
    if (!g.ok()) continue;
    EXPECT_TRUE(ir::verify(g->graph).ok());
  }
}

}  // namespace
}  // namespace stretto::onnx
