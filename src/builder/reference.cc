#include "builder/reference.h"

#include "builder/compile.h"
#include "kernels/cpu/tables.h"
#include "ref/ref.h"

namespace stretto {

Result<std::shared_ptr<const plan::Plan>> compile_reference(const ir::Graph& graph, int threads) {
  SelectorOptions options;
  options.isa = Isa::scalar;
  options.threads = threads;
  options.mode = SelectMode::heuristic;
  Selector selector(cpu_tactic_tables(), options, nullptr);
  CoverOptions cover_options;
  cover_options.fuse = false;
  STRETTO_ASSIGN(Cover cover, choose_cover(graph, selector, cover_options));
  auto plan = std::make_shared<plan::Plan>();
  plan::WeightsPool pool;
  STRETTO_ASSIGN(plan::Program program, compile_program(graph, cover, selector, pool));
  plan->programs.push_back(std::move(program));
  std::move(pool).give_to(*plan);
  STRETTO_TRY(plan::verify(*plan));
  return std::shared_ptr<const plan::Plan>(std::move(plan));
}

Result<std::shared_ptr<const plan::Plan>> build_reference(const std::string& model,
                                                          const std::vector<std::pair<std::string, Dims>>& shapes,
                                                          int threads) {
  STRETTO_ASSIGN(onnx::Model read, onnx::Model::read(model));
  onnx::ImportOptions options;
  options.shapes = shapes;
  options.evaluate = ref::evaluate;
  STRETTO_ASSIGN(onnx::ImportedGraph imported, read.import(options));
  return compile_reference(imported.graph, threads);
}

}  // namespace stretto
