#include "builder/split_moves.h"

namespace stretto {
namespace {

bool is_slice(const ir::Graph& graph, ir::NodeId id) {
  return std::holds_alternative<op::Slice>(graph.node(id).attrs);
}

bool only_slices_read(const ir::Graph& graph, ir::ValueId value) {
  std::vector<ir::NodeId> users = graph.users(value);
  for (ir::NodeId user : users) {
    if (!is_slice(graph, user)) return false;
  }
  return users.size() > 1 && !graph.is_output(value);
}

/// Copies the chain that makes `value`, as far up as it only moves data and is read by nobody else.
Result<ir::ValueId> copy_chain(ir::Graph& graph, ir::ValueId value) {
  ir::NodeId producer = graph.value(value).producer;
  if (producer == ir::kNone || !moves_data(graph.node(producer))) return value;
  const ir::Node node = graph.node(producer);
  std::vector<ir::ValueId> inputs = node.inputs;
  bool is_concat = std::holds_alternative<op::Concat>(node.attrs);
  bool alone = graph.users(inputs[0]).size() == 1 && !graph.is_output(inputs[0]);
  if (!is_concat && alone) {
    STRETTO_ASSIGN(inputs[0], copy_chain(graph, inputs[0]));
  }
  return graph.add_node(node.name, node.attrs, std::move(inputs), graph.value(value).name);
}

}  // namespace

bool moves_data(const ir::Node& node) {
  return std::holds_alternative<op::Concat>(node.attrs) || std::holds_alternative<op::Slice>(node.attrs) ||
         std::holds_alternative<op::Reshape>(node.attrs) || std::holds_alternative<op::Transpose>(node.attrs);
}

Result<int> split_moves(ir::Graph& graph) {
  int copies = 0;
  for (ir::NodeId id : graph.topological_order()) {
    if (!moves_data(graph.node(id)) || is_slice(graph, id)) continue;
    ir::ValueId value = graph.node(id).output;
    if (graph.value(value).type.shape.size() != 4 || !only_slices_read(graph, value)) continue;
    std::vector<ir::NodeId> slices = graph.users(value);
    for (size_t i = 1; i < slices.size(); ++i) {
      STRETTO_ASSIGN(ir::ValueId copy, copy_chain(graph, value));
      STRETTO_TRY(graph.replace_node(slices[i], graph.node(slices[i]).attrs, {copy}));
      ++copies;
    }
  }
  return copies;
}

}  // namespace stretto
