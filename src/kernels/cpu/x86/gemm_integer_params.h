// A product of plain bytes with constant weights, as numbers for the loops.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

/// dst[m, n] = Σ over k of src[m, k] · weights[k, n] + bias, where the bias takes in what the zero point of src adds.
/// A task makes `rows` rows of `columns` blocks of sixteen columns. The weights are, at their offsets: the bias, the
/// scales, a table of bytes, and [group of blocks][steps of k][block][column][step].
struct GemmIntegerParams {
  enum Result : int32_t { sums, reals, bytes };
  int32_t m = 1, n = 1, k = 1;
  int32_t blocks = 1, n_blocks = 1;  // of sixteen columns: of a group, and in all
  int32_t rows = 1, row_blocks = 1, columns = 1;
  Result result = sums;
  int32_t src = 0, other = -1, byte_table = 0;  // positions among the inputs
  int32_t src_zero = 0, other_zero = 0, other_flip = 0, zero = 0;
  float other_scale = 0, slope = 1, least = 0, most = 0;
  int64_t scales = 0, table = 0, weights = 0;  // bytes before them
};

namespace avx512_integer {
void gemm(const StepArgs& args, TaskId id);
}  // namespace avx512_integer
namespace avx512_vnni {
void gemm(const StepArgs& args, TaskId id);
}  // namespace avx512_vnni
namespace avx2_integer {
void gemm(const StepArgs& args, TaskId id);
}  // namespace avx2_integer
namespace avx_vnni {
void gemm(const StepArgs& args, TaskId id);
}  // namespace avx_vnni

}  // namespace stretto::kernels
