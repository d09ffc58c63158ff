#include "onnx/model_writer.h"

#include <limits>

#include "base/atomic_file.h"
#include "onnx/types.h"

namespace stretto::onnx {
namespace {

namespace pb = ::onnx;

constexpr int kIrVersion = 7, kOpset = 13;

void describe(pb::ValueInfoProto& info, const std::string& name, const TensorType& type) {
  info.set_name(name);
  auto* tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx_from_dtype(type.dtype));
  tensor->mutable_shape();
  for (int64_t size : type.shape) tensor->mutable_shape()->add_dim()->set_dim_value(size);
}

}  // namespace

pb::AttributeProto& NodeWriter::add(std::string_view name, pb::AttributeProto::AttributeType type) {
  pb::AttributeProto& attribute = *proto_.add_attribute();
  attribute.set_name(std::string(name));
  attribute.set_type(type);
  return attribute;
}

NodeWriter& NodeWriter::integer(std::string_view name, int64_t value) {
  add(name, pb::AttributeProto::INT).set_i(value);
  return *this;
}
NodeWriter& NodeWriter::integers(std::string_view name, const Dims& values) {
  pb::AttributeProto& attribute = add(name, pb::AttributeProto::INTS);
  for (int64_t v : values) attribute.add_ints(v);
  return *this;
}
NodeWriter& NodeWriter::real(std::string_view name, float value) {
  add(name, pb::AttributeProto::FLOAT).set_f(value);
  return *this;
}
NodeWriter& NodeWriter::text(std::string_view name, std::string_view value) {
  add(name, pb::AttributeProto::STRING).set_s(std::string(value));
  return *this;
}

ModelWriter::ModelWriter() {
  proto_.set_ir_version(kIrVersion);
  proto_.set_producer_name("stretto");
  auto* set = proto_.add_opset_import();
  set->set_domain("");
  set->set_version(kOpset);
  proto_.mutable_graph()->set_name("network");
}

std::string ModelWriter::fresh(const std::string& name) {
  std::string unique = name;
  for (int i = 1; !taken_.insert(unique).second; ++i) unique = name + "_" + std::to_string(i);
  return unique;
}

void ModelWriter::input(const std::string& name, const TensorType& type) {
  describe(*proto_.mutable_graph()->add_input(), name, type);
}
void ModelWriter::output(const std::string& name, const TensorType& type) {
  describe(*proto_.mutable_graph()->add_output(), name, type);
}

void ModelWriter::constant(const std::string& name, const Tensor& tensor) {
  pb::TensorProto& proto = *proto_.mutable_graph()->add_initializer();
  proto.set_name(name);
  proto.set_data_type(onnx_from_dtype(tensor.dtype()));
  for (int64_t size : tensor.shape()) proto.add_dims(size);
  proto.set_raw_data(std::string(static_cast<const char*>(tensor.data()), tensor.bytes()));
}

std::string ModelWriter::numbers(const std::string& name, const std::vector<float>& values, bool scalar) {
  const std::string unique = fresh(name);
  const Shape shape = scalar ? Shape{} : Shape{static_cast<int64_t>(values.size())};
  constant(unique, Tensor::of<float>(DType::f32, shape, values));
  return unique;
}

std::string ModelWriter::list(const std::string& name, const Dims& values) {
  const std::string unique = fresh(name);
  constant(unique, Tensor::of<int64_t>(DType::i64, {values.size()},
                                       std::span<const int64_t>(values.begin(), static_cast<size_t>(values.size()))));
  return unique;
}

std::string ModelWriter::zeros(const std::string& name, int64_t zero, DType type, int64_t count) {
  const std::string unique = fresh(name);
  Tensor tensor(TensorType{type, count == 0 ? Shape{} : Shape{count}});
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    if (type == DType::u8) tensor.as_mutable<uint8_t>()[static_cast<size_t>(i)] = static_cast<uint8_t>(zero);
    if (type == DType::i8) tensor.as_mutable<int8_t>()[static_cast<size_t>(i)] = static_cast<int8_t>(zero);
    if (type == DType::i32) tensor.as_mutable<int32_t>()[static_cast<size_t>(i)] = static_cast<int32_t>(zero);
  }
  constant(unique, tensor);
  return unique;
}

NodeWriter ModelWriter::node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output) {
  pb::NodeProto& node = *proto_.mutable_graph()->add_node();
  node.set_op_type(op);
  node.set_name(output);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return NodeWriter(node);
}

Status ModelWriter::write(const std::string& path) const {
  if (proto_.ByteSizeLong() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return failed(path + ": the model is larger than 2 GiB, which one ONNX file cannot hold");
  }
  const std::string bytes = proto_.SerializeAsString();
  if (bytes.empty()) return internal_error(path + ": the model could not be serialised");
  return write_file_whole(path, bytes.data(), bytes.size());
}

}  // namespace stretto::onnx
