// Every pass of the optimiser: each says how many places it rewrote. pipeline.cc orders them.
#pragma once

#include "base/status.h"
#include "ir/graph.h"

namespace stretto::passes {

Result<int> run_fold_affine(ir::Graph& graph);
Result<int> run_fold_batch_norm(ir::Graph& graph);
Result<int> run_fold_constants(ir::Graph& graph);
Result<int> run_fold_scale(ir::Graph& graph);
Result<int> run_lower_matmul(ir::Graph& graph);
Result<int> run_lower_quantized(ir::Graph& graph);
Result<int> run_merge_activations(ir::Graph& graph);
Result<int> run_merge_affine(ir::Graph& graph);
Result<int> run_merge_duplicates(ir::Graph& graph);
Result<int> run_merge_pad(ir::Graph& graph);
Result<int> run_merge_reshapes(ir::Graph& graph);
Result<int> run_merge_transposes(ir::Graph& graph);
Result<int> run_recognise_activations(ir::Graph& graph);
Result<int> run_reduce_to_global(ir::Graph& graph);
Result<int> run_remove_dead(ir::Graph& graph);
Result<int> run_remove_identity(ir::Graph& graph);

}  // namespace stretto::passes
