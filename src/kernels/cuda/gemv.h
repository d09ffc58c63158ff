// Matrix products with few rows: the weights stream through once for each row,
// a warp to a column of the result.
#pragma once

#include "kernels/cuda/chunk.h"

namespace stretto::kernels::cuda {

inline constexpr uint32_t kGemvChunk = 8;  // of depth, that a thread takes at a time

/// A [m][k] plain, B packed [n][depth] in f16 or f32 with zeros behind k, then
/// C as it came.
struct GemvParams {
  uint32_t m, n, k, depth;  // depth: k rounded up to chunks
  bool half, has_c;         // half: of B
  uint32_t c_row, c_column;
  float alpha, beta;
  int32_t source;  // which input of the step
  uint64_t c_offset;
  EpilogueParams epilogue;

  STRETTO_BOTH float finish(float sum, const float *c, const void *other, uint32_t row, uint32_t column) const {
    sum *= alpha;
    if (has_c) sum += beta * c[size_t{row} * c_row + size_t{column} * c_column];
    return epilogue.apply(sum, other, row * n + column);
  }
};

}  // namespace stretto::kernels::cuda
