// A checked model: what reading established, so that importing need not ask again.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "onnx.pb.h"
#include "onnx/import.h"
#include "onnx/opsets.h"

namespace stretto::onnx {

/// Immutable once read. Names are unique, every input of every node exists, and there is no cycle. Strings are views
/// into `proto`.
struct Model::Impl {
  std::shared_ptr<::onnx::ModelProto> proto;
  int64_t opset = 0;
  std::vector<int> order;                                            // of the graph's nodes: producers first
  std::vector<std::string> node_names;                               // by position in the file; unique
  std::unordered_map<std::string_view, Tensor> initialisers;         // computed types
  std::unordered_map<const ::onnx::TensorProto*, Tensor> constants;  // of nodes' `value` attributes
  std::unordered_map<std::string_view, int> readers;                 // by tensor: nodes and outputs that read it
  std::vector<std::string> notes;

  const ::onnx::GraphProto& graph() const { return proto->graph(); }
};

/// Every operator that cannot be imported, in order of first appearance.
std::vector<Unsupported> find_unsupported(const Model::Impl& model);

struct InputTypes {
  std::vector<TensorType> types;         // of Model::inputs(), in order
  int64_t batch_from = 0, batch_to = 0;  // the first dimension in the model, and now
  std::vector<std::string> notes;
};
/// Every input gets the shape asked for, or the model's.
Result<InputTypes> choose_input_types(const Model& model, const ImportOptions& options);

}  // namespace stretto::onnx
