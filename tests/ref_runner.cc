// ref_runner MODEL.onnx DIR [optimised [EXPORTED.onnx]]: imports the model and computes it node by node on the oracle;
// with "optimised" after all passes, with a further name it is also written there in Q/DQ form.
//
// Input i is DIR/input_i.bin, raw, dense, in the type the import gives it; output i goes to DIR/output_i.bin, and a
// line "output i TYPE" to stdout. `ref_runner --operators` lists what can be imported: "DOMAIN OP FIRST LAST
// [constants]". Exit 3 with the importer's message when it refuses the model. For tests/node_tests.py and
// tests/test_quantized.py.
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "onnx/export_qdq.h"
#include "onnx/import.h"
#include "onnx/opsets.h"
#include "passes/pipeline.h"
#include "ref/ref.h"

namespace {

using stretto::Status;
using stretto::Tensor;
namespace ir = stretto::ir;

Status read_input(const std::string& path, Tensor& tensor) {
  std::ifstream file(path, std::ios::binary);
  file.read(static_cast<char*>(tensor.mutable_data()), static_cast<std::streamsize>(tensor.bytes()));
  if (!file || file.peek() != std::ifstream::traits_type::eof()) {
    return stretto::bad_input(path + ": not " + stretto::to_string(tensor.type()));
  }
  return {};
}

Status compute(const ir::Graph& graph, const std::string& dir) {
  std::vector<Tensor> values(static_cast<size_t>(graph.value_count()));
  for (ir::ValueId id = 0; id < graph.value_count(); ++id) {
    if (graph.value(id).is_constant()) values[static_cast<size_t>(id)] = graph.value(id).constant;
  }
  for (size_t i = 0; i < graph.inputs().size(); ++i) {
    Tensor tensor(graph.value(graph.inputs()[i]).type);
    STRETTO_TRY(read_input(dir + "/input_" + std::to_string(i) + ".bin", tensor));
    values[static_cast<size_t>(graph.inputs()[i])] = tensor;
  }
  for (ir::NodeId id : graph.topological_order()) {
    const ir::Node& node = graph.node(id);
    std::vector<Tensor> inputs;
    for (ir::ValueId input : node.inputs) inputs.push_back(values[static_cast<size_t>(input)]);
    STRETTO_ASSIGN(values[static_cast<size_t>(node.output)], stretto::ref::evaluate(node.attrs, inputs));
  }
  for (size_t i = 0; i < graph.outputs().size(); ++i) {
    const Tensor& tensor = values[static_cast<size_t>(graph.outputs()[i])];
    std::ofstream file(dir + "/output_" + std::to_string(i) + ".bin", std::ios::binary);
    file.write(static_cast<const char*>(tensor.data()), static_cast<std::streamsize>(tensor.bytes()));
    std::printf("output %zu %s\n", i, stretto::to_string(tensor.type()).c_str());
  }
  return {};
}

void list_operators(const char* domain, std::span<const stretto::onnx::OperatorRow> rows) {
  for (const auto& row : rows) {
    std::printf("%s %s %d %d%s\n", domain, std::string(row.op).c_str(), static_cast<int>(row.first),
                static_cast<int>(row.last), row.feeds == stretto::onnx::Feeds::constants ? " constants" : "");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--operators") {
    list_operators("ai.onnx", stretto::onnx::operator_rows());
    list_operators("com.microsoft", stretto::onnx::microsoft_rows());
    return 0;
  }
  const bool optimised = argc > 3 && std::string(argv[3]) == "optimised";
  if (argc < 3 || argc > 5 || (argc > 3 && !optimised)) {
    std::fprintf(stderr, "usage: ref_runner MODEL.onnx DIR [optimised [EXPORTED.onnx]]\n");
    return 2;
  }
  auto model = stretto::onnx::Model::read(argv[1]);
  if (!model.ok()) {
    std::fprintf(stderr, "%s\n", model.status().message().c_str());
    return 3;
  }
  stretto::onnx::ImportOptions options;
  options.evaluate = stretto::ref::evaluate;
  auto graph = model->import(options);
  if (!graph.ok()) {
    std::fprintf(stderr, "%s\n", graph.status().message().c_str());
    return 3;
  }
  Status status = ir::verify(graph->graph);
  if (status.ok() && optimised) status = stretto::passes::optimise(graph->graph).status();
  if (status.ok() && argc > 4) status = stretto::onnx::export_qdq(graph->graph, argv[4]);
  for (ir::NodeId id : graph->graph.topological_order()) {
    if (optimised)
      std::printf("node %s\n", std::string(stretto::op::display_name(graph->graph.node(id).attrs)).c_str());
  }
  if (status.ok()) status = compute(graph->graph, argv[2]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
