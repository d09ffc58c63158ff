// From sums in registers to f16 rows of the result, by hopper/epilogue.h.
//
// Whole depth: straight from registers; two lanes exchange halves of neighbouring groups of eight columns, so that each
// holds four columns of a row. Split depth: after the same exchange, sixteen bytes at a time go to the block of the
// cluster that owns the row; it waits for all of its bytes at one barrier and adds the parts in order of rank.
#pragma once

#include "kernels/cuda/hopper/device/ptx.cuh"
#include "kernels/cuda/hopper/epilogue.h"

namespace stretto::kernels::cuda::hopper {

/// The result, from a tile's first column on.
struct Result {
  const __half *other;  // null: none
  __half *dst;
  int columns, left;  // from a row to the next; until the row's end
  Epilogue epilogue;
};

__device__ __forceinline__ float4 exchange_halves(const float (&a)[4], const float (&b)[4], int half, bool odd) {
  const float a0 = a[half * 2], a1 = a[half * 2 + 1], b0 = b[half * 2], b1 = b[half * 2 + 1];
  const float s0 = odd ? a0 : b0, s1 = odd ? a1 : b1;
  const float r0 = __shfl_xor_sync(~0u, s0, 1), r1 = __shfl_xor_sync(~0u, s1, 1);
  return odd ? make_float4(r0, r1, b0, b1) : make_float4(a0, a1, r0, r1);
}
__device__ __forceinline__ uint2 finished(const Epilogue &e, const float4 &sum, const float4 &bias,
                                          const uint2 &other) {
  const float2 low = __half22float2(reinterpret_cast<const __half2 &>(other.x));
  const float2 high = __half22float2(reinterpret_cast<const __half2 &>(other.y));
  const __half2 first = __floats2half2_rn(e.apply(sum.x, bias.x, low.x), e.apply(sum.y, bias.y, low.y));
  const __half2 second = __floats2half2_rn(e.apply(sum.z, bias.z, high.x), e.apply(sum.w, bias.w, high.y));
  return make_uint2(reinterpret_cast<const uint32_t &>(first), reinterpret_cast<const uint32_t &>(second));
}
__device__ __forceinline__ uint2 load_other(const Result &r, long row, int column) {
  if (r.other == nullptr || row < 0 || column >= r.left) return make_uint2(0, 0);
  return __ldcg(reinterpret_cast<const uint2 *>(r.other + row * r.columns + column));
}

/// kDown × kAcross fragments of 16 × 8 a warp, the first at (warp_row, warp_column) of the tile. RowOf maps a row of
/// the tile to a row of the result, or to −1.
template <int kRows, int kColumns, int kDown, int kAcross, int kThreads, class RowOf>
struct Finish {
  static constexpr int kQuads = kColumns / 4;
  static constexpr bool kHoldsAll = kDown * kAcross <= 16;  // the other input waits in registers
  static constexpr int kHeld = kHoldsAll ? kDown * kAcross : 1;
  static constexpr int kRowPitch = kColumns * 2 + 16;  // bytes, of rows that travel as bulk copies

  const Result &result;
  const RowOf &row_of;
  const float *bias;  // in shared memory
  int warp_row, warp_column, split_log2, rank;
  uint2 held[kHeld];

  __device__ __forceinline__ int column(int j) const {
    const int lane = threadIdx.x & 31;
    return warp_column + (j + (lane & 1)) * 8 + ((lane >> 1) & 1) * 4;
  }
  __device__ __forceinline__ int row(int i, int half) const {
    return warp_row + i * 16 + half * 8 + ((threadIdx.x & 31) >> 2);
  }
  __device__ __forceinline__ float4 bias_at(int column) const {
    return *reinterpret_cast<const float4 *>(bias + column);
  }

  /// Begins to load the other input; after the previous kernels are done.
  __device__ __forceinline__ void prefetch() {
    if (result.other == nullptr) return;
    if (split_log2 != 0) {
      const int rows = kRows >> split_log2, r = threadIdx.x / kQuads;
      if (r < rows) held[0] = load_other(result, row_of(rank * rows + r), (threadIdx.x % kQuads) * 4);
      return;
    }
    if constexpr (kHoldsAll) {
#pragma unroll
      for (int i = 0; i < kDown; ++i) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const long to = row_of(row(i, half));
#pragma unroll
          for (int j = 0; j < kAcross; j += 2) {
            held[(i * 2 + half) * (kAcross / 2) + j / 2] = load_other(result, to, column(j));
          }
        }
      }
    }
  }

  __device__ __forceinline__ void store_whole(const float (&sums)[kDown][kAcross][4]) {
    constexpr int kBatch = kAcross < 8 ? kAcross : 8;
    const bool odd = (threadIdx.x & 1) != 0;
#pragma unroll
    for (int i = 0; i < kDown; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const long to = row_of(row(i, half));
#pragma unroll
        for (int first = 0; first < kAcross; first += kBatch) {
          uint2 loaded[kBatch / 2];
          if constexpr (!kHoldsAll) {
#pragma unroll
            for (int j = 0; j < kBatch; j += 2) loaded[j / 2] = load_other(result, to, column(first + j));
          }
#pragma unroll
          for (int j = 0; j < kBatch; j += 2) {
            const float4 sum = exchange_halves(sums[i][first + j], sums[i][first + j + 1], half, odd);
            const int at = column(first + j);
            uint2 other = make_uint2(0, 0);
            if constexpr (!kHoldsAll) {
              other = loaded[j / 2];
            } else if (result.other != nullptr) {
              other = held[(i * 2 + half) * (kAcross / 2) + (first + j) / 2];
            }
            if (to >= 0 && at < result.left) {
              *reinterpret_cast<uint2 *>(result.dst + to * result.columns + at) =
                  finished(result.epilogue, sum, bias_at(at), other);
            }
          }
        }
      }
    }
  }

  /// The other input's rows into shared memory at `rows`, counted by `barrier`. Rows of the result are the tile's
  /// first.
  __device__ __forceinline__ void prefetch_rows(uint32_t rows, uint32_t barrier) {
    if (result.other == nullptr) return;
    if (threadIdx.x == 0) {
      int valid = 0;
      for (int step = kRows; step != 0; step >>= 1) {
        if (valid + step <= kRows && row_of(valid + step - 1) >= 0) valid += step;
      }
      expect_bytes(barrier, valid * kColumns * 2);
    }
    for (int r = threadIdx.x; r < kRows; r += kThreads) {
      const long from = row_of(r);
      if (from >= 0) bulk_load(rows + r * kRowPitch, result.other + from * result.columns, kColumns * 2, barrier);
    }
  }
  __device__ __forceinline__ void store_rows(const float (&sums)[kDown][kAcross][4], uint32_t rows, uint32_t barrier) {
    const bool odd = (threadIdx.x & 1) != 0, adds = result.other != nullptr;
    if (adds) wait_for_barrier(barrier, 0);
#pragma unroll
    for (int i = 0; i < kDown; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
#pragma unroll
        for (int j = 0; j < kAcross; j += 2) {
          const float4 sum = exchange_halves(sums[i][j], sums[i][j + 1], half, odd);
          const uint32_t at = rows + row(i, half) * kRowPitch + column(j) * 2;
          const uint2 other = adds ? load_shared_pair(at) : make_uint2(0, 0);
          store_shared_pair(at, finished(result.epilogue, sum, bias_at(column(j)), other));
        }
      }
    }
    order_shared_stores();
    __syncthreads();
    for (int r = threadIdx.x; r < kRows; r += kThreads) {
      const long to = row_of(r);
      if (to >= 0) bulk_store(result.dst + to * result.columns, rows + r * kRowPitch, kColumns * 2);
    }
    wait_for_bulk_stores();
  }

  /// `parts`: room for the tile's sums in every block of the cluster; `barrier` expects so many bytes.
  __device__ __forceinline__ void store_split(const float (&sums)[kDown][kAcross][4], uint32_t parts,
                                              uint32_t barrier) {
    const int rows = kRows >> split_log2, row_shift = __ffs(rows) - 1;
    const bool odd = (threadIdx.x & 1) != 0;
    wait_for_cluster();  // the others' barriers are there
#pragma unroll
    for (int i = 0; i < kDown; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int r = row(i, half), owner = r >> row_shift, own_row = r & (rows - 1);
        const uint32_t to = address_in(parts + (rank * rows + own_row) * (kColumns * 4), owner);
        const uint32_t to_barrier = address_in(barrier, owner);
#pragma unroll
        for (int j = 0; j < kAcross; j += 2) {
          store_async(to + column(j) * 4, exchange_halves(sums[i][j], sums[i][j + 1], half, odd), to_barrier);
        }
      }
    }
    wait_for_barrier(barrier, 0);
    const int splits = 1 << split_log2;
    for (int i = threadIdx.x; i < rows * kQuads; i += kThreads) {
      const int r = i / kQuads, at = (i % kQuads) * 4;
      float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll 4
      for (int s = 0; s < splits; ++s) {
        const float4 part = load_shared(parts + ((s * rows + r) * kColumns + at) * 4);
        sum.x += part.x, sum.y += part.y, sum.z += part.z, sum.w += part.w;
      }
      const long to = row_of(rank * rows + r);
      uint2 other = make_uint2(0, 0);
      if (result.other != nullptr) other = i == threadIdx.x ? held[0] : load_other(result, to, at);
      if (to >= 0 && at < result.left) {
        *reinterpret_cast<uint2 *>(result.dst + to * result.columns + at) =
            finished(result.epilogue, sum, bias_at(at), other);
      }
    }
  }
};

}  // namespace stretto::kernels::cuda::hopper
