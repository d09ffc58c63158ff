// The graph of one network at one set of shapes: values, nodes, and the edits that passes make.
//
// A Graph knows meaning, not placement: tensors are logical N,C,H,W; layouts, types and fusions come later. Values and
// nodes keep their ids for life; removed nodes stay as tombstones. Every node has exactly one output. Names of values
// and names of nodes are two name spaces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/status.h"
#include "op/op.h"

namespace stretto::ir {

using ValueId = int32_t;
using NodeId = int32_t;
inline constexpr int32_t kNone = -1;

struct Value {
  std::string name;  // unique in the graph; outputs and inputs keep the model's names; empty: nobody's any more
  TensorType type;
  Tensor constant;          // not empty: a weight or a folded constant
  NodeId producer = kNone;  // kNone for inputs and constants
  bool is_constant() const { return !constant.empty(); }
};

struct Node {
  std::string name;  // the model's own where it has one, else made from the operator and a number; unique
  op::Attrs attrs;
  std::vector<ValueId> inputs;  // never kNone: absent trailing inputs are not listed
  ValueId output = kNone;
  bool removed = false;
};

class Graph {
 public:
  // --- reading
  const Value& value(ValueId id) const { return values_[static_cast<size_t>(id)]; }
  const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  int value_count() const { return static_cast<int>(values_.size()); }
  int node_count() const { return static_cast<int>(nodes_.size()); }  // with tombstones
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  /// Nodes that read `id`, in id order, each once.
  std::vector<NodeId> users(ValueId id) const;
  /// The only node that reads `id`, provided it is not also an output of the graph; else kNone.
  NodeId sole_user(ValueId id) const;
  bool is_output(ValueId id) const;
  bool is_input(ValueId id) const;
  /// The node whose output this is; kNone for inputs and constants.
  NodeId producer(ValueId id) const { return value(id).producer; }
  /// Live nodes, producers before users. The graph has no cycles (verify() checks).
  std::vector<NodeId> topological_order() const;
  /// kNone if there is no such name.
  ValueId find_value(const std::string& name) const;
  /// Types of a node's inputs.
  std::vector<TensorType> input_types(NodeId id) const;

  // --- building
  ValueId add_input(std::string name, TensorType type);
  ValueId add_constant(std::string name, Tensor tensor);
  /// Infers the output's type; fails where op::infer does, with the node's name in the message.
  /// `output_name` empty: derived from the node's name. Names that exist get a suffix.
  Result<ValueId> add_node(std::string name, op::Attrs attrs, std::vector<ValueId> inputs,
                           std::string output_name = {});
  void add_output(ValueId id) { outputs_.push_back(id); }
  /// Another value that holds the name gets a suffix.
  void rename_value(ValueId id, const std::string& name);

  // --- rewriting
  /// Gives an existing node other attributes and inputs; its output keeps its id, name and type (checked).
  Status replace_node(NodeId id, op::Attrs attrs, std::vector<ValueId> inputs);
  /// Every reader of `from` reads `to` instead, outputs of the graph included; types must agree. Where `from` is an
  /// output of the graph, `to` takes over its name. Precondition: can_replace(from, to).
  void replace_uses(ValueId from, ValueId to);
  /// Types agree, and no input or output of the graph would lose its name.
  bool can_replace(ValueId from, ValueId to) const;
  /// Two nodes take each other's names: a rewritten node may carry on the layer it stands for.
  void swap_node_names(NodeId a, NodeId b) {
    std::swap(nodes_[static_cast<size_t>(a)].name, nodes_[static_cast<size_t>(b)].name);
  }
  /// The node's output becomes a constant and the node goes.
  void make_constant(NodeId id, Tensor tensor);
  void remove_node(NodeId id);
  void set_constant(ValueId id, Tensor tensor);  // same type
  /// Removes nodes whose output nobody reads, and constants likewise. Returns how many nodes went.
  int remove_dead();

 private:
  ValueId new_value(const std::string& wanted_name, TensorType type);
  std::string unique_value_name(const std::string& wanted) const;
  void set_value_name(ValueId id, const std::string& name);
  void release_value(ValueId id);
  void link(NodeId id);
  void unlink(NodeId id);

  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<ValueId> inputs_, outputs_;
  std::vector<std::vector<NodeId>> users_;  // by value: who reads it, sorted, each once
  std::unordered_map<std::string, ValueId> value_by_name_;
  std::unordered_set<std::string> node_names_;
};

/// Names unique, ids in range, no cycles, every type equal to what op::infer says. Says which node is wrong.
Status verify(const Graph& graph);

/// One line a value; `parse` reads it back (constants are written as type and hash, read back as zeros).
std::string dump(const Graph& graph);
Result<Graph> parse(std::string_view text);

}  // namespace stretto::ir
