// The graph under construction, where a tensor may still be nothing but a known value.
//
// Known values enter the graph only when a node reads them, so shape arithmetic leaves no trace. A node all of whose
// inputs are known is evaluated at once while its result is small; larger ones become nodes and stay evaluable.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "ir/graph.h"
#include "onnx/import.h"

namespace stretto::onnx {

/// A tensor of the model: an index into the builder's table.
using Operand = int32_t;
inline constexpr Operand kAbsent = -1;

/// Results of at most this many elements are evaluated as soon as their inputs are known.
inline constexpr int64_t kEagerElements = 4096;
/// Evaluating on demand gives up beyond this many elements a value.
inline constexpr int64_t kDemandElements = int64_t{1} << 22;
/// Evaluating gives up beyond this much work a node.
inline constexpr double kEagerFlops = 2e7;

class GraphBuilder {
 public:
  explicit GraphBuilder(const Evaluate& evaluate) : evaluate_(evaluate) {}

  Operand add_input(const std::string& name, const TensorType& type);
  /// `literal`: the number stands in the file, it was not computed from a shape.
  Operand add_known(std::string name, Tensor tensor, bool literal);
  /// One node, or its value. The message of a failure does not name the node.
  Result<Operand> emit(const std::string& node, const op::Attrs& attrs, std::span<const Operand> inputs,
                       const std::string& output);

  const TensorType& type(Operand operand) const { return at(operand).type; }
  /// Known already; known() may still succeed where this says no.
  bool is_known(Operand operand) const { return !at(operand).known.empty(); }
  bool is_literal(Operand operand) const { return at(operand).literal; }
  /// The value, evaluated now if its whole past is constant; fails if it depends on an input of the network.
  Result<Tensor> known(Operand operand);

  /// Makes the operand an output of the graph under the name given.
  Status add_output(Operand operand, const std::string& name);
  ir::Graph& graph() { return graph_; }

 private:
  struct Entry {
    std::string name;
    TensorType type;
    ir::ValueId id = ir::kNone;  // kNone: a known value that no node has read yet
    Tensor known;
    bool literal = false;
  };

  const Entry& at(Operand operand) const { return entries_[static_cast<size_t>(operand)]; }
  Operand add(Entry entry);
  ir::ValueId value_of(Operand operand);
  bool worth_evaluating(const op::Attrs& attrs, std::span<const Operand> inputs, const TensorType& output) const;
  Result<Tensor> evaluate(const op::Attrs& attrs, std::span<const Tensor> inputs, const TensorType& expected) const;
  Result<Tensor> evaluate_past(ir::ValueId wanted);

  const Evaluate& evaluate_;
  ir::Graph graph_;
  std::vector<Entry> entries_;
  std::unordered_map<ir::ValueId, Tensor> evaluated_;
};

}  // namespace stretto::onnx
