// What a model holds, and which of it cannot be imported.
#include <map>
#include <set>
#include <unordered_set>

#include "onnx/model.h"
#include "onnx/opsets.h"

namespace stretto::onnx {
namespace {

namespace pb = ::onnx;
constexpr int kNamesShown = 3;

std::string full_name(const pb::NodeProto& node) {
  return is_default_domain(node.domain()) ? "ai.onnx::" + node.op_type() : node.domain() + "::" + node.op_type();
}

/// Follows which tensors are known at import whatever the input: weights, shapes, and what is computed from them.
class Finder {
 public:
  explicit Finder(const Model::Impl& model) : model_(model) {
    for (auto& [name, tensor] : model.initialisers) known_.insert(name);
    for (const pb::FunctionProto& f : model.proto->functions()) functions_.insert(f.domain() + "::" + f.name());
  }

  std::vector<Unsupported> find() {
    for (int i : model_.order) {
      const pb::NodeProto& node = model_.graph().node(i);
      bool all_known = true;
      for (const std::string& input : node.input()) all_known = all_known && (input.empty() || known_.contains(input));
      if (!supported(node, all_known)) add(node, i);
      if (all_known || node.op_type() == "Shape" || node.op_type() == "Size") {
        known_.insert(node.output().begin(), node.output().end());
      }
    }
    return found_;
  }

 private:
  bool supported(const pb::NodeProto& node, bool all_known) const {
    if (functions_.contains(node.domain() + "::" + node.op_type())) return false;
    const OperatorRow* row = find_operator(node.domain(), node.op_type(), model_.opset);
    return row != nullptr && (row->feeds == Feeds::anything || all_known);
  }

  void add(const pb::NodeProto& node, int index) {
    auto [at, fresh] = position_.emplace(full_name(node), found_.size());
    if (fresh) found_.push_back({.op = full_name(node)});
    Unsupported& entry = found_[at->second];
    ++entry.count;
    if (entry.count > kNamesShown + 1) return;
    if (entry.count > 1) entry.where += ", ";
    entry.where += entry.count > kNamesShown ? "…" : model_.node_names[static_cast<size_t>(index)];
  }

  const Model::Impl& model_;
  std::unordered_set<std::string_view> known_;
  std::set<std::string> functions_;
  std::map<std::string, size_t> position_;
  std::vector<Unsupported> found_;
};

}  // namespace

std::vector<Unsupported> find_unsupported(const Model::Impl& model) {
  return Finder(model).find();
}

const std::string& Model::producer() const {
  return impl_->proto->producer_name();
}
int64_t Model::ir_version() const {
  return impl_->proto->ir_version();
}
int64_t Model::opset() const {
  return impl_->opset;
}
std::vector<Unsupported> Model::unsupported() const {
  return find_unsupported(*impl_);
}

std::vector<std::string> Model::output_names() const {
  std::vector<std::string> names;
  for (const pb::ValueInfoProto& output : impl_->graph().output()) names.push_back(output.name());
  return names;
}

std::vector<std::pair<std::string, int>> Model::operators() const {
  std::map<std::string, int> counts;
  for (const pb::NodeProto& node : impl_->graph().node()) {
    ++counts[is_default_domain(node.domain()) ? node.op_type() : full_name(node)];
  }
  return {counts.begin(), counts.end()};
}

int64_t Model::parameters() const {
  int64_t total = 0;
  for (auto& [name, tensor] : impl_->initialisers) total += is_float(tensor.dtype()) ? tensor.elements() : 0;
  for (auto& [proto, tensor] : impl_->constants) total += is_float(tensor.dtype()) ? tensor.elements() : 0;
  return total;
}

}  // namespace stretto::onnx
