// An ONNX model under construction: names, tensors and nodes of opset 13.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "onnx.pb.h"

namespace stretto::onnx {

/// One node, whose attributes are set in a chain.
class NodeWriter {
 public:
  explicit NodeWriter(::onnx::NodeProto& proto) : proto_(proto) {}
  NodeWriter& integer(std::string_view name, int64_t value);
  NodeWriter& integers(std::string_view name, const Dims& values);
  NodeWriter& real(std::string_view name, float value);
  NodeWriter& text(std::string_view name, std::string_view value);

 private:
  ::onnx::AttributeProto& add(std::string_view name, ::onnx::AttributeProto::AttributeType type);
  ::onnx::NodeProto& proto_;
};

class ModelWriter {
 public:
  ModelWriter();

  /// Nothing made later takes this name.
  void reserve(const std::string& name) { taken_.insert(name); }
  /// A name of its own, which begins like this.
  std::string fresh(const std::string& name);

  void input(const std::string& name, const TensorType& type);
  void output(const std::string& name, const TensorType& type);
  /// An initialiser of that name.
  void constant(const std::string& name, const Tensor& tensor);
  /// The same under a fresh name, which is returned.
  std::string numbers(const std::string& name, const std::vector<float>& values, bool scalar = false);
  std::string list(const std::string& name, const Dims& values);
  /// One integer of that type, or `count` of them.
  std::string zeros(const std::string& name, int64_t zero, DType type, int64_t count = 0);

  NodeWriter node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output);

  /// Whole or not at all.
  Status write(const std::string& path) const;

 private:
  ::onnx::ModelProto proto_;
  std::unordered_set<std::string> taken_;
};

}  // namespace stretto::onnx
