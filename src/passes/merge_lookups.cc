// Activations between integers: where every integer of a result depends on one integer of a source alone, a table of
// 256 entries holds it all, computed here by the oracle, so the integers are the same.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "passes/quantized.h"
#include "ref/ref.h"

namespace stretto::passes {

namespace {

constexpr size_t kMostNodes = 32;

/// The nodes between one tensor of bytes and a quantize, all of which compute element by element.
class Cone {
 public:
  Cone(const ir::Graph& graph, ir::NodeId root, const std::unordered_map<ir::NodeId, size_t>& order)
      : graph_(graph), root_(root), order_(order), shape_(output_type(graph, root).shape) {}

  /// kNone if there is no such tensor.
  ir::ValueId find() {
    if (!take(root_)) return ir::kNone;
    while (leaves_.size() > 1) {
      // The last one computed may itself come from another.
      auto last = std::max_element(leaves_.begin(), leaves_.end(),
                                   [&](ir::ValueId a, ir::ValueId b) { return position(a) < position(b); });
      const ir::NodeId producer = graph_.producer(*last);
      leaves_.erase(last);
      if (as<op::Quantize>(graph_, producer) == nullptr && as<op::Lookup>(graph_, producer) == nullptr)
        return ir::kNone;
      if (!take(producer)) return ir::kNone;
    }
    if (leaves_.size() != 1) return ir::kNone;
    const ir::ValueId leaf = *leaves_.begin();
    const TensorType& type = graph_.value(leaf).type;
    return type.dtype == DType::u8 && type.shape == shape_ ? leaf : ir::kNone;
  }

  /// The result for each of 256 integers.
  Result<Tensor> table(ir::ValueId leaf) const {
    std::unordered_map<ir::ValueId, Tensor> values;
    Tensor all(TensorType{DType::u8, {256}});
    for (int i = 0; i < 256; ++i) all.as_mutable<uint8_t>()[static_cast<size_t>(i)] = static_cast<uint8_t>(i);
    values[leaf] = all;
    std::vector<ir::NodeId> nodes(nodes_.begin(), nodes_.end());
    std::sort(nodes.begin(), nodes.end(), [&](ir::NodeId a, ir::NodeId b) { return order_.at(a) < order_.at(b); });
    for (ir::NodeId id : nodes) {
      std::vector<Tensor> inputs;
      for (ir::ValueId v : graph_.node(id).inputs) {
        auto known = values.find(v);
        inputs.push_back(known != values.end() ? known->second : constant(id, v));
      }
      STRETTO_ASSIGN(values[graph_.node(id).output], ref::evaluate(graph_.node(id).attrs, inputs));
    }
    return values.at(graph_.node(root_).output);
  }

 private:
  size_t position(ir::ValueId id) const {
    auto found = order_.find(graph_.producer(id));
    return found == order_.end() ? 0 : found->second + 1;
  }

  /// Takes the node and what it is made of down to tensors of bytes; false where that is not element by element.
  bool take(ir::NodeId first) {
    std::vector<ir::NodeId> open{first};
    while (!open.empty()) {
      const ir::NodeId id = open.back();
      open.pop_back();
      if (!nodes_.insert(id).second) continue;
      if (nodes_.size() > kMostNodes || !(output_type(graph_, id).shape == shape_)) return false;
      const ir::Node& n = graph_.node(id);
      const bool from_bytes =
          std::holds_alternative<op::Dequantize>(n.attrs) || std::holds_alternative<op::Lookup>(n.attrs);
      if (from_bytes) {
        if (!takes_bytes(n)) return false;
        leaves_.insert(n.inputs[0]);
        continue;
      }
      if (!is_elementwise(n.attrs)) return false;
      for (ir::ValueId v : n.inputs) {
        if (splat(graph_, v)) continue;
        if (graph_.producer(v) == ir::kNone) return false;
        open.push_back(graph_.producer(v));
      }
    }
    return true;
  }

  static bool is_elementwise(const op::Attrs& attrs) {
    return std::holds_alternative<op::Unary>(attrs) || std::holds_alternative<op::Binary>(attrs) ||
           std::holds_alternative<op::Quantize>(attrs);
  }
  bool takes_bytes(const ir::Node& n) const {
    if (std::holds_alternative<op::Lookup>(n.attrs)) return graph_.value(n.inputs[1]).is_constant();
    return match_dequantized_bytes(graph_, n.output).has_value();
  }
  /// A lookup's table and a dequantize's scale as they are; a number that meets every element alone.
  Tensor constant(ir::NodeId reader, ir::ValueId id) const {
    const bool broadcast = as<op::Binary>(graph_, reader) != nullptr;
    return broadcast ? Tensor::of<float>(DType::f32, {}, graph_.value(id).constant.as<float>().first(1))
                     : graph_.value(id).constant;
  }

  const ir::Graph& graph_;
  const ir::NodeId root_;
  const std::unordered_map<ir::NodeId, size_t>& order_;
  const Shape shape_;
  std::unordered_set<ir::NodeId> nodes_;
  std::unordered_set<ir::ValueId> leaves_;
};

/// gather(table[256], cast(bytes)) is how ONNX writes a lookup.
Result<bool> merge_gather(ir::Graph& graph, ir::NodeId id) {
  if (as<op::Gather>(graph, id) == nullptr) return false;
  const std::vector<ir::ValueId> in = graph.node(id).inputs;
  if (!graph.value(in[0]).is_constant() || made_by<op::Cast>(graph, in[1]) == nullptr) return false;
  const ir::ValueId bytes = graph.node(graph.producer(in[1])).inputs[0];
  if (graph.value(bytes).type.dtype != DType::u8 || !fits(graph, id, op::Lookup{}, {bytes, in[0]})) return false;
  STRETTO_TRY(graph.replace_node(id, op::Lookup{}, {bytes, in[0]}));
  return true;
}

}  // namespace

Result<int> merge_lookups(ir::Graph& graph) {
  int rewrites = 0;
  std::unordered_map<ir::NodeId, size_t> order;
  const std::vector<ir::NodeId> nodes = graph.topological_order();
  for (size_t i = 0; i < nodes.size(); ++i) order[nodes[i]] = i;
  for (ir::NodeId id : nodes) {
    STRETTO_ASSIGN(bool gathered, merge_gather(graph, id));
    rewrites += gathered;
    if (as<op::Quantize>(graph, id) == nullptr) continue;
    Cone cone(graph, id, order);
    const ir::ValueId leaf = cone.find();
    if (leaf == ir::kNone || graph.value(leaf).is_constant()) continue;
    STRETTO_ASSIGN(Tensor table, cone.table(leaf));
    const ir::ValueId entries = graph.add_constant(graph.node(id).name + "_table", table);
    STRETTO_TRY(graph.replace_node(id, op::Lookup{}, {leaf, entries}));
    ++rewrites;
  }
  return rewrites;
}

}  // namespace stretto::passes
