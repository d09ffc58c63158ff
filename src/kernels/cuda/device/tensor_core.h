// Inside the .cu files: a warp's part of a tile on tensor cores. Fragments come by ldmatrix; 32 bytes of depth are a
// step of mma.sync, whatever the type.
#pragma once

#include "kernels/cuda/device/tile_conv.h"

namespace stretto::kernels::cuda {

__device__ __forceinline__ void load_matrices(uint32_t from, uint32_t (&r)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from));
}

/// Mma: Sum, prepare(a fragment of the source), multiply(sums, a, b0, b1).
template <class Mma, int kRows, int kColumns>
struct TensorCoreTile {
  using Sum = typename Mma::Sum;
  static constexpr int kMi = kRows / 16, kNi = kColumns / 8;
  Sum sums[kMi][kNi][4] = {};

  __device__ __forceinline__ void multiply(const unsigned char *a_rows, const unsigned char *b_rows, uint32_t row0,
                                           uint32_t column0) {
    const auto stage_a = static_cast<uint32_t>(__cvta_generic_to_shared(a_rows));
    const auto stage_b = static_cast<uint32_t>(__cvta_generic_to_shared(b_rows));
    const uint32_t lane = threadIdx.x & 31;
#pragma unroll
    for (uint32_t step = 0; step < 2; ++step) {
      uint32_t a[kMi][4], b[kNi / 2][4];
#pragma unroll
      for (int i = 0; i < kMi; ++i) {
        load_matrices(stage_a + mma_shared(row0 + i * 16 + (lane & 15), step * 2 + (lane >> 4)), a[i]);
        Mma::prepare(a[i]);
      }
#pragma unroll
      for (int i = 0; i < kNi / 2; ++i) {
        const uint32_t row = column0 + i * 16 + (lane & 7) + ((lane >> 4) << 3);
        load_matrices(stage_b + mma_shared(row, step * 2 + ((lane >> 3) & 1)), b[i]);
      }
#pragma unroll
      for (int i = 0; i < kMi; ++i) {
#pragma unroll
        for (int j = 0; j < kNi; ++j) Mma::multiply(sums[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
      }
    }
  }

  __device__ __forceinline__ void spread(Sum *to, int stride) const {
    const uint32_t lane = threadIdx.x & 31, row = lane >> 2, column = (lane & 3) * 2;
#pragma unroll
    for (int i = 0; i < kMi; ++i) {
#pragma unroll
      for (int j = 0; j < kNi; ++j) {
        Sum *at = to + (row + i * 16) * stride + column + j * 8;
        at[0] = sums[i][j][0];
        at[1] = sums[i][j][1];
        at[8 * stride] = sums[i][j][2];
        at[8 * stride + 1] = sums[i][j][3];
      }
    }
  }
};

}  // namespace stretto::kernels::cuda
