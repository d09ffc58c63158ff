#include <fmt/format.h>
#include <stretto/tools.h>

#include "onnx/import.h"
#include "ref/ref.h"
#include "runtime/throw.h"
#include "tools/describe.h"

namespace stretto {
namespace {

TensorInfo describe_input(const onnx::ModelInput& input) {
  TensorInfo info;
  info.name = input.name;
  info.type = static_cast<ElementType>(input.dtype);
  info.shape = input.dims;
  return info;
}

std::string shape_text(const onnx::ModelInput& input) {
  std::string text;
  for (size_t i = 0; i < input.dims.size(); ++i) {
    if (i) text += 'x';
    const bool symbolic = input.dims[i] < 0;
    const bool named = symbolic && i < input.symbols.size() && !input.symbols[i].empty();
    text += named ? input.symbols[i] : symbolic ? "?" : fmt::format("{}", input.dims[i]);
  }
  return text.empty() ? "-" : text;
}

ModelInfo::Layer describe_node(const ir::Graph& graph, const ir::Node& node) {
  ModelInfo::Layer layer;
  const TensorType& type = graph.value(node.output).type;
  std::vector<TensorType> inputs;
  for (ir::ValueId id : node.inputs) {
    inputs.push_back(graph.value(id).type);
    if (graph.value(id).is_constant()) layer.parameters += static_cast<size_t>(inputs.back().elements());
  }
  layer.name = node.name;
  layer.op = std::string(op::display_name(node.attrs));
  layer.output_shape = to_string(type.shape);
  layer.gflop = op::flops(node.attrs, inputs, type) * 1e-9;
  return layer;
}

void describe_graph(const ir::Graph& graph, ModelInfo& info) {
  for (ir::NodeId id : graph.topological_order()) {
    info.layers.push_back(describe_node(graph, graph.node(id)));
    info.gflop += info.layers.back().gflop;
  }
  for (int i = 0; i < graph.value_count(); ++i) {
    if (graph.value(i).is_constant()) info.weights_bytes += graph.value(i).type.bytes();
  }
  info.outputs.clear();
  for (ir::ValueId id : graph.outputs()) {
    info.outputs.push_back(tools::tensor_info(graph.value(id).name, graph.value(id).type));
  }
}

}  // namespace

ModelInfo inspect_model(const std::string& path) {
  const onnx::Model model = value_or_throw(onnx::Model::read(path));
  ModelInfo info;
  info.path = path;
  info.producer = model.producer();
  info.ir_version = model.ir_version();
  info.opset = model.opset();
  for (const onnx::ModelInput& input : model.inputs()) {
    info.inputs.push_back(describe_input(input));
    info.input_shapes.push_back(shape_text(input));
  }
  for (const std::string& name : model.output_names()) {
    info.outputs.emplace_back();
    info.outputs.back().name = name;
  }
  info.operators = model.operators();
  info.parameters = static_cast<size_t>(model.parameters());
  info.weights_bytes = 0;
  for (const onnx::Unsupported& u : model.unsupported()) {
    info.unsupported.push_back(fmt::format("{} ({}: {})", u.op, u.count, u.where));
  }
  if (!info.unsupported.empty()) return info;
  onnx::ImportOptions options;
  options.evaluate = ref::evaluate;
  const auto imported = model.import(options);
  if (!imported.ok()) {
    info.notes.push_back(imported.status().message());
    return info;
  }
  info.notes = imported->notes;
  describe_graph(imported->graph, info);
  return info;
}

}  // namespace stretto
