// What an import function sees of its node: attributes, inputs, and ways to write operators.
//
// Attributes read with the wrong type or an impossible value do not fail at once: the first mistake is kept, and emit()
// and bind() return it, so import functions read straight on. Messages do not name the node: the driver puts it in
// front.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "onnx.pb.h"
#include "onnx/graph_builder.h"

namespace stretto::onnx {

/// The first dimension of the network's inputs: as the model has it, and as it was asked for.
struct BatchChange {
  int64_t from = 0, to = 0;
  bool changed() const { return from != to; }
};

/// What all nodes of one import share.
struct ImportState {
  GraphBuilder& builder;
  int64_t opset;
  BatchChange batch;
  const std::unordered_map<const ::onnx::TensorProto*, Tensor>& loaded;  // values of Constant nodes
  std::unordered_map<std::string_view, Operand> operands;                // by the model's tensor names
  const std::unordered_map<std::string_view, int>& readers;              // how often a tensor is read or is an output
  std::vector<std::string> notes;
};

class NodeContext {
 public:
  NodeContext(const ::onnx::NodeProto& proto, std::string name, ImportState& state)
      : proto_(proto), name_(std::move(name)), state_(state) {}

  const std::string& op() const { return proto_.op_type(); }
  int64_t opset() const { return state_.opset; }
  BatchChange batch() const { return state_.batch; }
  /// "node 'x': " is put in front.
  void note(const std::string& text);

  // --- attributes
  bool has(std::string_view attribute) const { return find(attribute) != nullptr; }
  int64_t integer(std::string_view attribute, int64_t absent);
  bool flag(std::string_view attribute, bool absent) { return integer(attribute, absent ? 1 : 0) != 0; }
  float real(std::string_view attribute, float absent);
  std::string text(std::string_view attribute, std::string_view absent);
  /// Nothing if absent. At most Dims::kCapacity numbers.
  std::optional<Dims> integers(std::string_view attribute);
  /// `count` numbers of at least `least` (and below 2^31), each `absent` if the attribute is not there.
  Dims spatial(std::string_view attribute, int count, int64_t absent, int64_t least);
  std::vector<float> reals(std::string_view attribute);
  const ::onnx::AttributeProto* find(std::string_view attribute) const;
  const std::unordered_map<const ::onnx::TensorProto*, Tensor>& loaded() const { return state_.loaded; }

  // --- inputs
  int input_count() const { return proto_.input_size(); }
  bool has_input(int i) const { return i < proto_.input_size() && !proto_.input(i).empty(); }
  /// kAbsent, and a mistake, if it is not there.
  Operand input(int i);
  TensorType type(Operand operand) const;
  Shape shape(Operand operand) const { return type(operand).shape; }
  bool is_known(Operand operand) const { return state_.builder.is_known(operand); }
  bool is_literal(Operand operand) const { return state_.builder.is_literal(operand); }
  Result<Tensor> known(Operand operand) { return state_.builder.known(operand); }
  /// A known list of integers (or one); at most Dims::kCapacity.
  Result<Dims> known_integers(int i);
  Result<std::vector<float>> known_reals(int i);

  // --- outputs
  int output_count() const { return proto_.output_size(); }
  /// Somebody reads output `i`, or it is an output of the network.
  bool output_used(int i) const;
  /// A step on the way; `step` completes its name.
  Result<Operand> emit(const op::Attrs& attrs, std::initializer_list<Operand> inputs, std::string_view step);
  Result<Operand> emit(const op::Attrs& attrs, std::span<const Operand> inputs, std::string_view step);
  /// The operator whose result is output `output` of the node.
  Status finish(const op::Attrs& attrs, std::initializer_list<Operand> inputs, int output = 0);
  Status finish(const op::Attrs& attrs, std::span<const Operand> inputs, int output = 0);
  /// Output `output` is another name of `operand`.
  Status bind(int output, Operand operand);
  Status bind_known(int output, Tensor tensor, bool literal);
  Operand add_known(Tensor tensor, std::string_view step);

  /// Remembers the first mistake.
  void mistake(Status status);
  const Status& mistakes() const { return mistakes_; }

 private:
  Status start(std::span<const Operand> inputs) const;

  const ::onnx::NodeProto& proto_;
  std::string name_;
  ImportState& state_;
  Status mistakes_;
};

/// −rank ≤ axis < rank (or ≤ rank with `end_allowed`), made non-negative.
Result<int64_t> normalise_axis(int64_t axis, int rank, bool end_allowed = false);
/// Each as above, in ascending order; refuses one named twice.
Result<Dims> normalise_axes(const Dims& axes, int rank);
/// A scalar constant.
Tensor scalar_f32(float value);
Tensor list_i64(const Dims& values);

}  // namespace stretto::onnx
