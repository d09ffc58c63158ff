// For tests: models written in a few lines, imported and run on the oracle.
#pragma once

#include <gtest/gtest.h>

#include <concepts>
#include <string>
#include <vector>

#include "onnx.pb.h"
#include "onnx/import.h"
#include "ref/ref.h"

namespace stretto::onnx::testing {

namespace pb = ::onnx;

/// A model under construction; one graph, default domain.
class ModelText {
 public:
  explicit ModelText(int64_t opset = 17, int64_t ir_version = 8) {
    proto_.set_ir_version(ir_version);
    auto* set = proto_.add_opset_import();
    set->set_domain("");
    set->set_version(opset);
    proto_.mutable_graph()->set_name("test");
  }

  pb::ModelProto& proto() { return proto_; }
  pb::GraphProto& graph() { return *proto_.mutable_graph(); }

  /// −1: symbolic, named "d<axis>".
  ModelText& input(const std::string& name, const std::vector<int64_t>& dims, int type = pb::TensorProto::FLOAT) {
    auto* info = graph().add_input();
    info->set_name(name);
    auto* tensor = info->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    tensor->mutable_shape();
    for (size_t i = 0; i < dims.size(); ++i) {
      auto* dim = tensor->mutable_shape()->add_dim();
      if (dims[i] < 0) {
        dim->set_dim_param("d" + std::to_string(i));
      } else {
        dim->set_dim_value(dims[i]);
      }
    }
    return *this;
  }

  ModelText& output(const std::string& name) {
    auto* info = graph().add_output();
    info->set_name(name);
    info->mutable_type()->mutable_tensor_type()->set_elem_type(pb::TensorProto::FLOAT);
    return *this;
  }

  ModelText& floats(const std::string& name, const std::vector<int64_t>& dims, const std::vector<float>& values) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(pb::TensorProto::FLOAT);
    for (int64_t d : dims) tensor->add_dims(d);
    tensor->set_raw_data(values.data(), values.size() * sizeof(float));
    return *this;
  }

  /// All elements are `value`.
  ModelText& filled(const std::string& name, const std::vector<int64_t>& dims, float value) {
    int64_t count = 1;
    for (int64_t d : dims) count *= d;
    return floats(name, dims, std::vector<float>(static_cast<size_t>(count), value));
  }

  ModelText& ints(const std::string& name, const std::vector<int64_t>& values) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(pb::TensorProto::INT64);
    tensor->add_dims(static_cast<int64_t>(values.size()));
    for (int64_t v : values) tensor->add_int64_data(v);
    return *this;
  }

  pb::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, const std::string& name = {}) {
    auto* node = graph().add_node();
    node->set_op_type(op);
    node->set_name(name);
    for (auto& i : inputs) node->add_input(i);
    for (auto& o : outputs) node->add_output(o);
    return *node;
  }

  Result<Model> model(const std::string& base_dir = "") const {
    std::string bytes = proto_.SerializeAsString();
    return Model::parse(std::as_bytes(std::span(bytes.data(), bytes.size())), base_dir);
  }

  Result<ImportedGraph> import(ImportOptions options = {}) const {
    STRETTO_ASSIGN(Model model, this->model());
    if (!options.evaluate) options.evaluate = ref::evaluate;
    return model.import(options);
  }

 private:
  pb::ModelProto proto_;
};

template <std::integral T>
void attribute(pb::NodeProto& node, const std::string& name, T value) {
  auto* a = node.add_attribute();
  a->set_name(name);
  a->set_type(pb::AttributeProto::INT);
  a->set_i(value);
}
inline void attribute(pb::NodeProto& node, const std::string& name, float value) {
  auto* a = node.add_attribute();
  a->set_name(name);
  a->set_type(pb::AttributeProto::FLOAT);
  a->set_f(value);
}
inline void attribute(pb::NodeProto& node, const std::string& name, const char* value) {
  auto* a = node.add_attribute();
  a->set_name(name);
  a->set_type(pb::AttributeProto::STRING);
  a->set_s(value);
}
inline void attribute(pb::NodeProto& node, const std::string& name, const std::vector<int64_t>& values) {
  auto* a = node.add_attribute();
  a->set_name(name);
  a->set_type(pb::AttributeProto::INTS);
  for (int64_t v : values) a->add_ints(v);
}
inline void attribute(pb::NodeProto& node, const std::string& name, const std::vector<float>& values) {
  auto* a = node.add_attribute();
  a->set_name(name);
  a->set_type(pb::AttributeProto::FLOATS);
  for (float v : values) a->add_floats(v);
}

/// The graph's operators in order, as text: "conv relu".
inline std::string operators_of(const ir::Graph& graph) {
  std::string text;
  for (ir::NodeId id : graph.topological_order()) {
    text += (text.empty() ? "" : " ") + std::string(op::display_name(graph.node(id).attrs));
  }
  return text;
}

/// Attributes of the only node of that kind.
template <class Attrs>
const Attrs* only(const ir::Graph& graph) {
  const Attrs* found = nullptr;
  for (ir::NodeId id : graph.topological_order()) {
    if (auto* attrs = std::get_if<Attrs>(&graph.node(id).attrs)) {
      if (found != nullptr) return nullptr;
      found = attrs;
    }
  }
  return found;
}

/// Output 0 of a graph with one float input, on the oracle.
inline std::vector<float> run(const ir::Graph& graph, const std::vector<float>& input) {
  std::vector<Tensor> values(static_cast<size_t>(graph.value_count()));
  for (int i = 0; i < graph.value_count(); ++i) {
    if (graph.value(i).is_constant()) values[static_cast<size_t>(i)] = graph.value(i).constant;
  }
  if (!graph.inputs().empty()) {
    const TensorType& type = graph.value(graph.inputs()[0]).type;
    EXPECT_EQ(type.elements(), static_cast<int64_t>(input.size()));
    values[static_cast<size_t>(graph.inputs()[0])] = Tensor::of<float>(type.dtype, type.shape, input);
  }
  for (ir::NodeId id : graph.topological_order()) {
    const ir::Node& node = graph.node(id);
    std::vector<Tensor> inputs;
    for (ir::ValueId v : node.inputs) inputs.push_back(values[static_cast<size_t>(v)]);
    auto result = ref::evaluate(node.attrs, inputs);
    EXPECT_TRUE(result.ok()) << result.status().message();
    if (!result.ok()) return {};
    values[static_cast<size_t>(node.output)] = *result;
  }
  std::span<const float> out = values[static_cast<size_t>(graph.outputs()[0])].as<float>();
  return {out.begin(), out.end()};
}

/// The message of a failed import.
inline std::string failure(const Result<ImportedGraph>& result) {
  return result.ok() ? "imported" : result.status().message();
}

inline bool mentions(const std::string& text, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (text.find(word) == std::string::npos) return false;
  }
  return true;
}

inline bool noted(const ImportedGraph& graph, std::initializer_list<const char*> words) {
  for (const std::string& note : graph.notes) {
    if (mentions(note, words)) return true;
  }
  return false;
}

}  // namespace stretto::onnx::testing

#define ASSERT_IMPORTS(name, expression) \
  auto name = (expression);              \
  ASSERT_TRUE(name.ok()) << name.status().message()
