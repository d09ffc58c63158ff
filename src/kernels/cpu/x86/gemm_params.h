// A product with constant weights, as numbers for the loops: dst[m, n] = Σ over k of src[m, k] · weights[k, n] + bias.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/x86/conv_tile_params.h"
#include "kernels/cpu/x86/epilogue_params.h"

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

/// Phase 0 copies src to scratch as [k block][m][width], zeros past k; phase 1 makes rows × n_chunk blocks a task.
struct GemmParams {
  int32_t m = 1, n = 1, k = 1;
  int32_t k_blocks = 1, n_blocks = 1, last_quads = 1;
  int32_t pixels = 1, blocks = 1;  // register tile
  int32_t k_chunk = 1, n_chunk = 1, rows = 1;
  int32_t n_chunks = 1, row_blocks = 1;
  int32_t copy_rows = 1;  // of src a task of phase 0 copies
  int32_t src = 0;        // position among the inputs
  int64_t weights = 0;    // floats before the weights: the bias
  EpilogueParams epilogue;
};

namespace avx512 {
void gemm(const StepArgs& args, TaskId id);
void gemm_half(const StepArgs& args, TaskId id);
}  // namespace avx512
namespace avx2 {
void gemm(const StepArgs& args, TaskId id);
void gemm_half(const StepArgs& args, TaskId id);
}  // namespace avx2

}  // namespace stretto::kernels
