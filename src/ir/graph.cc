#include "ir/graph.h"

#include <algorithm>

namespace stretto::ir {

namespace {

template <class Taken>
std::string with_suffix(const std::string& wanted, const Taken& taken) {
  if (!taken.contains(wanted)) return wanted;
  for (int i = 1;; ++i) {
    std::string candidate = wanted + "_" + std::to_string(i);
    if (!taken.contains(candidate)) return candidate;
  }
}

}  // namespace

// --- reading

std::vector<NodeId> Graph::users(ValueId id) const {
  return users_[static_cast<size_t>(id)];
}

NodeId Graph::sole_user(ValueId id) const {
  const auto& all = users_[static_cast<size_t>(id)];
  return all.size() == 1 && !is_output(id) ? all.front() : kNone;
}

bool Graph::is_output(ValueId id) const {
  return std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end();
}

bool Graph::is_input(ValueId id) const {
  return std::find(inputs_.begin(), inputs_.end(), id) != inputs_.end();
}

std::vector<NodeId> Graph::topological_order() const {
  struct Frame {
    NodeId node;
    size_t next_input;
  };
  std::vector<NodeId> order;
  order.reserve(nodes_.size());
  std::vector<uint8_t> seen(nodes_.size(), 0);
  std::vector<Frame> stack;
  auto visit = [&](NodeId id) {
    if (id == kNone || seen[static_cast<size_t>(id)] || node(id).removed) return;
    seen[static_cast<size_t>(id)] = 1;
    stack.push_back({id, 0});
  };
  for (NodeId root = 0; root < node_count(); ++root) {
    visit(root);
    while (!stack.empty()) {
      Frame& top = stack.back();
      const Node& n = node(top.node);
      if (top.next_input < n.inputs.size()) {
        visit(value(n.inputs[top.next_input++]).producer);
      } else {
        order.push_back(top.node);
        stack.pop_back();
      }
    }
  }
  return order;
}

ValueId Graph::find_value(const std::string& name) const {
  auto it = value_by_name_.find(name);
  return it == value_by_name_.end() ? kNone : it->second;
}

std::vector<TensorType> Graph::input_types(NodeId id) const {
  std::vector<TensorType> types;
  for (ValueId v : node(id).inputs) types.push_back(value(v).type);
  return types;
}

// --- building

std::string Graph::unique_value_name(const std::string& wanted) const {
  return with_suffix(wanted.empty() ? std::string("value") : wanted, value_by_name_);
}

void Graph::set_value_name(ValueId id, const std::string& name) {
  Value& v = values_[static_cast<size_t>(id)];
  auto held = value_by_name_.find(v.name);
  if (held != value_by_name_.end() && held->second == id) value_by_name_.erase(held);
  v.name = name;
  if (!name.empty()) value_by_name_[name] = id;
}

ValueId Graph::new_value(const std::string& wanted_name, TensorType type) {
  auto id = static_cast<ValueId>(values_.size());
  values_.push_back(Value{.name = {}, .type = type, .constant = {}, .producer = kNone});
  users_.emplace_back();
  set_value_name(id, unique_value_name(wanted_name));
  return id;
}

ValueId Graph::add_input(std::string name, TensorType type) {
  ValueId id = new_value(name, type);
  inputs_.push_back(id);
  return id;
}

ValueId Graph::add_constant(std::string name, Tensor tensor) {
  STRETTO_CHECK(!tensor.empty());
  ValueId id = new_value(name, tensor.type());
  values_[static_cast<size_t>(id)].constant = std::move(tensor);
  return id;
}

Result<ValueId> Graph::add_node(std::string name, op::Attrs attrs, std::vector<ValueId> inputs,
                                std::string output_name) {
  if (name.empty()) name = std::string(op::display_name(attrs)) + "_" + std::to_string(nodes_.size());
  std::vector<TensorType> types;
  for (ValueId v : inputs) {
    if (v < 0 || v >= value_count()) return internal_error("node '" + name + "': reads a value that does not exist");
    types.push_back(value(v).type);
  }
  auto type = op::infer(attrs, types);
  if (!type.ok()) return type.status().in("node '" + name + "'");
  auto id = static_cast<NodeId>(nodes_.size());
  name = with_suffix(name, node_names_);
  node_names_.insert(name);
  ValueId output = new_value(output_name.empty() ? name : output_name, *type);
  values_[static_cast<size_t>(output)].producer = id;
  nodes_.push_back(
      Node{.name = std::move(name), .attrs = std::move(attrs), .inputs = std::move(inputs), .output = output});
  link(id);
  return output;
}

void Graph::rename_value(ValueId id, const std::string& name) {
  ValueId holder = find_value(name);
  if (holder == id) return;
  if (holder != kNone) set_value_name(holder, unique_value_name(name));
  set_value_name(id, name);
}

// --- rewriting

void Graph::link(NodeId id) {
  for (ValueId v : node(id).inputs) {
    auto& readers = users_[static_cast<size_t>(v)];
    auto at = std::lower_bound(readers.begin(), readers.end(), id);
    if (at == readers.end() || *at != id) readers.insert(at, id);
  }
}

void Graph::unlink(NodeId id) {
  for (ValueId v : node(id).inputs) {
    auto& readers = users_[static_cast<size_t>(v)];
    auto at = std::lower_bound(readers.begin(), readers.end(), id);
    if (at != readers.end() && *at == id) readers.erase(at);
  }
}

Status Graph::replace_node(NodeId id, op::Attrs attrs, std::vector<ValueId> inputs) {
  Node& n = nodes_[static_cast<size_t>(id)];
  std::string place = "node '" + n.name + "'";
  if (n.removed) return internal_error(place + ": replaced after it was removed");
  std::vector<TensorType> types;
  for (ValueId v : inputs) {
    if (v < 0 || v >= value_count()) return internal_error(place + ": reads a value that does not exist");
    types.push_back(value(v).type);
  }
  auto type = op::infer(attrs, types);
  if (!type.ok()) return type.status().in(place);
  if (!(*type == value(n.output).type)) {
    return internal_error(place + ": a rewrite to " + op::to_string(attrs) + " gives " + to_string(*type) +
                          ", its users expect " + to_string(value(n.output).type));
  }
  unlink(id);
  n.attrs = std::move(attrs);
  n.inputs = std::move(inputs);
  link(id);
  return {};
}

bool Graph::can_replace(ValueId from, ValueId to) const {
  if (from == to || !(value(from).type == value(to).type)) return false;
  return !is_output(from) || (!is_output(to) && !is_input(to));
}

void Graph::replace_uses(ValueId from, ValueId to) {
  STRETTO_CHECK(can_replace(from, to));
  for (NodeId user : users(from)) {
    unlink(user);
    for (ValueId& v : nodes_[static_cast<size_t>(user)].inputs) {
      if (v == from) v = to;
    }
    link(user);
  }
  if (!is_output(from)) return;
  for (ValueId& v : outputs_) {
    if (v == from) v = to;
  }
  std::string output_name = value(from).name, old_name = value(to).name;
  set_value_name(from, {});
  set_value_name(to, output_name);
  set_value_name(from, old_name);
}

void Graph::release_value(ValueId id) {
  set_value_name(id, {});
  Value& v = values_[static_cast<size_t>(id)];
  v.constant = {};
  v.producer = kNone;
}

void Graph::make_constant(NodeId id, Tensor tensor) {
  Node& n = nodes_[static_cast<size_t>(id)];
  Value& v = values_[static_cast<size_t>(n.output)];
  STRETTO_CHECK(!n.removed && tensor.type() == v.type && !tensor.empty());
  unlink(id);
  n.removed = true;
  n.inputs.clear();
  n.output = kNone;
  node_names_.erase(n.name);
  v.producer = kNone;
  v.constant = std::move(tensor);
}

void Graph::remove_node(NodeId id) {
  Node& n = nodes_[static_cast<size_t>(id)];
  if (n.removed) return;
  STRETTO_CHECK(users_[static_cast<size_t>(n.output)].empty() && !is_output(n.output));
  unlink(id);
  release_value(n.output);
  n.removed = true;
  n.inputs.clear();
  n.output = kNone;
  node_names_.erase(n.name);
}

void Graph::set_constant(ValueId id, Tensor tensor) {
  Value& v = values_[static_cast<size_t>(id)];
  STRETTO_CHECK(v.is_constant() && tensor.type() == v.type && !tensor.empty());
  v.constant = std::move(tensor);
}

int Graph::remove_dead() {
  std::vector<uint8_t> kept(values_.size(), 0);
  for (ValueId v : outputs_) kept[static_cast<size_t>(v)] = 1;
  auto unread = [&](ValueId v) { return !kept[static_cast<size_t>(v)] && users_[static_cast<size_t>(v)].empty(); };
  std::vector<NodeId> order = topological_order();
  int removed = 0;
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    if (!unread(node(*it).output)) continue;
    remove_node(*it);
    ++removed;
  }
  for (ValueId v = 0; v < value_count(); ++v) {
    if (value(v).is_constant() && unread(v)) release_value(v);
  }
  return removed;
}

}  // namespace stretto::ir
