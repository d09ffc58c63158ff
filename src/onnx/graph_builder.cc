#include "onnx/graph_builder.h"

#include <algorithm>
#include <set>
#include <utility>

namespace stretto::onnx {

Operand GraphBuilder::add(Entry entry) {
  entries_.push_back(std::move(entry));
  return static_cast<Operand>(entries_.size() - 1);
}

Operand GraphBuilder::add_input(const std::string& name, const TensorType& type) {
  return add({.name = name, .type = type, .id = graph_.add_input(name, type)});
}

Operand GraphBuilder::add_known(std::string name, Tensor tensor, bool literal) {
  TensorType type = tensor.type();
  return add({.name = std::move(name), .type = type, .known = std::move(tensor), .literal = literal});
}

ir::ValueId GraphBuilder::value_of(Operand operand) {
  Entry& entry = entries_[static_cast<size_t>(operand)];
  if (entry.id == ir::kNone) entry.id = graph_.add_constant(entry.name, entry.known);
  return entry.id;
}

bool GraphBuilder::worth_evaluating(const op::Attrs& attrs, std::span<const Operand> inputs,
                                    const TensorType& output) const {
  if (!evaluate_ || output.elements() > kEagerElements) return false;
  // Weights stay integers beside their scales: products of integers are made of them.
  if (std::holds_alternative<op::Dequantize>(attrs)) return false;
  std::vector<TensorType> types;
  for (Operand input : inputs) {
    if (!is_known(input)) return false;
    types.push_back(type(input));
  }
  return op::flops(attrs, types, output) <= kEagerFlops;
}

Result<Tensor> GraphBuilder::evaluate(const op::Attrs& attrs, std::span<const Tensor> inputs,
                                      const TensorType& expected) const {
  if (!evaluate_) return internal_error("its value is needed, and no way to evaluate constants was given");
  STRETTO_ASSIGN(Tensor result, evaluate_(attrs, inputs));
  if (result.type() != expected) {
    return internal_error("evaluated to " + to_string(result.type()) + " where " + to_string(expected) + " belongs");
  }
  return result;
}

Result<Operand> GraphBuilder::emit(const std::string& node, const op::Attrs& attrs, std::span<const Operand> inputs,
                                   const std::string& output) {
  std::vector<TensorType> types;
  for (Operand input : inputs) types.push_back(type(input));
  STRETTO_ASSIGN(TensorType result, op::infer(attrs, types));
  if (worth_evaluating(attrs, inputs, result)) {
    std::vector<Tensor> known;
    bool literal = true;
    for (Operand input : inputs) {
      known.push_back(at(input).known);
      literal = literal && is_literal(input);
    }
    STRETTO_ASSIGN(Tensor tensor, evaluate(attrs, known, result));
    return add_known(output.empty() ? node : output, std::move(tensor), literal);
  }
  std::vector<ir::ValueId> ids;
  for (Operand input : inputs) ids.push_back(value_of(input));
  STRETTO_ASSIGN(ir::ValueId id, graph_.add_node(node, attrs, std::move(ids), output));
  return add({.name = graph_.value(id).name, .type = result, .id = id});
}

Result<Tensor> GraphBuilder::known(Operand operand) {
  if (operand == kAbsent) return bad_input("an input is missing");
  Entry& entry = entries_[static_cast<size_t>(operand)];
  if (entry.known.empty()) {
    STRETTO_ASSIGN(entry.known, evaluate_past(entry.id));
  }
  return entry.known;
}

Result<Tensor> GraphBuilder::evaluate_past(ir::ValueId wanted) {
  // Producers have smaller node ids than their readers, so the nodes found are evaluated in order of id.
  std::set<ir::NodeId> needed;
  std::vector<ir::ValueId> open{wanted};
  while (!open.empty()) {
    ir::ValueId id = open.back();
    open.pop_back();
    const ir::Value& value = graph_.value(id);
    if (value.is_constant() || evaluated_.contains(id)) continue;
    if (value.producer == ir::kNone) {
      return failed("'" + graph_.value(wanted).name + "' must be known to import the network, but depends on input '" +
                    value.name + "'");
    }
    if (value.type.elements() > kDemandElements) {
      return failed("'" + value.name + "' is needed to know a shape and is too large (" + to_string(value.type) + ")");
    }
    if (!needed.insert(value.producer).second) continue;
    for (ir::ValueId input : graph_.node(value.producer).inputs) open.push_back(input);
  }
  for (ir::NodeId id : needed) {
    const ir::Node& node = graph_.node(id);
    std::vector<Tensor> inputs;
    std::vector<TensorType> types;
    for (ir::ValueId input : node.inputs) {
      const ir::Value& value = graph_.value(input);
      inputs.push_back(value.is_constant() ? value.constant : evaluated_.at(input));
      types.push_back(value.type);
    }
    const TensorType& type = graph_.value(node.output).type;
    if (op::flops(node.attrs, types, type) > 100 * kEagerFlops) {
      return failed("'" + graph_.value(node.output).name + "' is needed to know a shape and is too much work");
    }
    STRETTO_ASSIGN(evaluated_[node.output], evaluate(node.attrs, inputs, type));
  }
  return evaluated_.at(wanted);
}

Status GraphBuilder::add_output(Operand operand, const std::string& name) {
  const bool fresh_constant = at(operand).id == ir::kNone;
  if (fresh_constant) entries_[static_cast<size_t>(operand)].name = name;
  ir::ValueId id = value_of(operand);
  if (graph_.value(id).name == name) {
    graph_.add_output(id);
    return {};
  }
  // Another name for the same tensor (Identity, Dropout, a Cast to the same type).
  if (graph_.value(id).producer != ir::kNone && !graph_.is_output(id)) {
    graph_.rename_value(id, name);
    graph_.add_output(id);
    return {};
  }
  op::Attrs same = op::Reshape{graph_.value(id).type.shape};
  STRETTO_ASSIGN(ir::ValueId alias, graph_.add_node(name, same, {id}, name));
  graph_.rename_value(alias, name);
  graph_.add_output(alias);
  return {};
}

}  // namespace stretto::onnx
