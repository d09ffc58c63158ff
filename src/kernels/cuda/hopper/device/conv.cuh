// The kernel of hopper/conv.h.
//
// A's slices come by cp.async, written in the layout of the 128-byte swizzle; B's by one bulk copy each, the first ones
// before the previous step has ended: weights depend on nobody. Every block waits for the previous step, so that a
// buffer is free when the step after next writes it.
#pragma once

#include "kernels/cuda/hopper/conv.h"
#include "kernels/cuda/hopper/device/epilogue.cuh"
#include "kernels/cuda/hopper/device/instance.h"
#include "kernels/cuda/hopper/device/wgmma.cuh"

namespace stretto::kernels::cuda::hopper {

template <int kTile>
struct Shape {
  static constexpr Tile tile = kTiles[kTile];
  static constexpr bool kWgmma = tile.engine != Engine::mma, kByRows = tile.engine == Engine::wgmma_rows;
  static constexpr int kRows = tile.rows, kColumns = tile.columns, kStages = tile.stages;
  static constexpr int kThreads = tile.warps_down * tile.warps_across * 32;
  static constexpr int kWarpRows = kRows / tile.warps_down, kWarpColumns = kColumns / tile.warps_across;
  static constexpr int kDown = kWarpRows / 16, kAcross = kWarpColumns / 8;
  static constexpr int kABytes = kRows * kSlice * 2, kBBytes = kColumns * kSlice * 2;
  static constexpr int kRowsAtOnce = kThreads / 8, kPasses = kRows / kRowsAtOnce;  // of a slice of A
  static constexpr int kLag = kWgmma && kStages > 2 ? 1 : 0;  // products that run while the next slice is awaited
  static constexpr int kAhead = kStages - 1 - kLag;           // slices on their way
  static constexpr int kSumBytes = kRows * kColumns * 4, kRowBytes = kByRows ? kRows * (kColumns * 2 + 16) : 0;
  static constexpr int kBarrierBytes = (kStages + 1) * 8;
  static_assert(kRows % kRowsAtOnce == 0 && kPasses >= 1 && kAhead >= 1);
  static_assert(!kWgmma || (tile.warps_down * 16 == kRows && tile.warps_across == 1 && kRows % 64 == 0));

  /// Shared memory: stages of A and of B, parts of a split depth or rows, bias, barriers.
  __host__ __device__ static constexpr int bias_at(bool split) {
    return kStages * (kABytes + kBBytes) + (split ? kSumBytes : 0) + kRowBytes;
  }
  __host__ __device__ static constexpr int bytes(bool split) { return bias_at(split) + kColumns * 4 + kBarrierBytes; }
};

template <int kTile>
__global__ void __launch_bounds__(Shape<kTile>::kThreads, Shape<kTile>::tile.blocks)
    conv(const __grid_constant__ ConvParams p, const __grid_constant__ Pointers at) {
  using S = Shape<kTile>;
  extern __shared__ __align__(1024) uint8_t shared[];
  if (p.trigger == Trigger::start) launch_dependents();
  const bool split = p.split_log2 != 0;
  const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
  const int tile = blockIdx.x >> p.split_log2, rank = blockIdx.x & ((1 << p.split_log2) - 1);
  const int tiles_across = p.packed_columns / S::kColumns;
  const int row0 = tile / tiles_across * S::kRows, column0 = tile % tiles_across * S::kColumns;
  const uint32_t stages_a = shared_address(shared), stages_b = stages_a + S::kStages * S::kABytes;
  const uint32_t parts = stages_b + S::kStages * S::kBBytes;  // or rows
  float *bias = reinterpret_cast<float *>(shared + S::bias_at(split));
  const uint32_t barriers = shared_address(bias + S::kColumns), last_barrier = barriers + S::kStages * 8;
  const int begin = p.slice_begin(rank), count = p.slice_begin(rank + 1) - begin;

  const __half *weights = at.weights + (size_t(begin) * p.packed_columns + column0) * kSlice;
  const size_t weights_step = size_t(p.packed_columns) * kSlice;
  const auto fetch_b = [&](int slice, int stage) {
    expect_bytes(barriers + stage * 8, S::kBBytes);
    bulk_load(stages_b + stage * S::kBBytes, weights + slice * weights_step, S::kBBytes, barriers + stage * 8);
  };
  if (thread == 0) {
#pragma unroll
    for (int s = 0; s < S::kStages; ++s) init_barrier(barriers + s * 8, 1);
    init_barrier(last_barrier, 1);
    publish_barriers();
#pragma unroll
    for (int s = 0; s < S::kAhead; ++s) {
      if (s < count) fetch_b(s, s);
    }
    if (split) expect_bytes(last_barrier, S::kSumBytes);
    for (int s = S::kAhead; s < count; ++s) prefetch_to_l2(weights + s * weights_step, S::kBBytes);
  }
  __syncwarp();
  if (split) arrive_at_cluster();

  const int own_row = thread >> 3, own_chunk = thread & 7;
  TapRow rows[S::kPasses];
#pragma unroll
  for (int i = 0; i < S::kPasses; ++i) rows[i] = tap_row(p, row0 + own_row + i * S::kRowsAtOnce);
  TapWalk walk = TapWalk::at(p, begin * kSlice + own_chunk * 8);
  const uint32_t to_a = stages_a + own_row * 128 + ((own_chunk ^ (own_row & 7)) << 4);
  const auto fetch_a = [&](int stage) {
    const int step = walk.offset + walk.c;
#pragma unroll
    for (int i = 0; i < S::kPasses; ++i) {
      const bool valid = walk.is_inside(rows[i].inside);
      copy_async(to_a + stage * S::kABytes + i * S::kRowsAtOnce * 128,
                 valid ? at.src + (rows[i].offset + step) : at.src, valid);
    }
    walk.advance(p);
  };

  for (int i = thread; i < S::kColumns; i += S::kThreads) bias[i] = __ldg(at.bias + column0 + i);
  const int warp_row = S::kWgmma ? warp * 16 : warp / S::tile.warps_across * S::kWarpRows;
  const int warp_column = S::kWgmma ? 0 : warp % S::tile.warps_across * S::kWarpColumns;
  const int tap = p.spread == 0 ? 0 : column0 / p.spread, out_column = column0 - tap * p.spread;
  const int columns = p.spread == 0 ? p.columns : p.spread;
  const Result result{at.other != nullptr ? at.other + out_column : nullptr, at.dst + out_column, columns,
                      columns - out_column, p.epilogue};
  const auto row_of = [&](int r) -> long { return row0 + r < p.rows ? result_row(p, row0 + r, tap) : -1; };
  Finish<S::kRows, S::kColumns, S::kDown, S::kAcross, S::kThreads, decltype(row_of)> finish{
      result, row_of, bias, warp_row, warp_column, p.split_log2, rank, {}};

  if constexpr (S::kByRows) __syncthreads();  // the barrier of the rows is there
  wait_for_previous();
#pragma unroll
  for (int s = 0; s < S::kAhead; ++s) {
    if (s < count) fetch_a(s);
    commit_copies();
  }
  if constexpr (S::kByRows) {
    finish.prefetch_rows(parts, last_barrier);
  } else {
    finish.prefetch();
  }
  if (p.trigger == Trigger::loads) launch_dependents();
  __syncthreads();

  float sums[S::kDown][S::kAcross][4] = {};
  const uint32_t a_row = (warp_row + (lane & 15)) * 128, a_chunk = lane >> 4;
  const uint32_t b_row = (warp_column + (lane & 7) + ((lane >> 4) << 3)) * 128, b_chunk = (lane >> 3) & 1;
  const uint32_t crossed = lane & 7;
  int stage = 0, next = S::kAhead % S::kStages;
  uint32_t parity = 0;
  for (int k = 0; k < count; ++k) {
    wait_for_copies<S::kAhead - 1>();
    if constexpr (S::kWgmma) order_shared_stores();
    wait_for_barrier(barriers + stage * 8, parity);
    __syncthreads();
    const auto refill = [&] {
      if (k + S::kAhead < count) {
        if (thread == 0) fetch_b(k + S::kAhead, next);
        fetch_a(next);
      }
      commit_copies();
    };
    const uint32_t a = stages_a + stage * S::kABytes, b = stages_b + stage * S::kBBytes;
    if constexpr (S::kWgmma) {
      const uint64_t from_a = operand_at(a + (warp >> 2) * 64 * 128), from_b = operand_at(b);
      begin_products();
#pragma unroll
      for (int step = 0; step < 4; ++step) multiply(sums[0], from_a + step * 2, from_b + step * 2);
      commit_products();
      refill();
      wait_for_products<S::kLag>();
    } else {
      refill();
#pragma unroll
      for (int step = 0; step < 4; ++step) {
        uint32_t of_a[S::kDown][4], of_b[S::kAcross / 2][4];
#pragma unroll
        for (int i = 0; i < S::kDown; ++i) {
          load_matrices(a + a_row + i * 16 * 128 + (((step * 2 + a_chunk) ^ crossed) << 4), of_a[i]);
        }
#pragma unroll
        for (int j = 0; j < S::kAcross / 2; ++j) {
          load_matrices(b + b_row + j * 16 * 128 + (((step * 2 + b_chunk) ^ crossed) << 4), of_b[j]);
        }
#pragma unroll
        for (int i = 0; i < S::kDown; ++i) {
#pragma unroll
          for (int j = 0; j < S::kAcross; ++j) {
            multiply(sums[i][j], of_a[i], of_b[j >> 1][(j & 1) * 2], of_b[j >> 1][(j & 1) * 2 + 1]);
          }
        }
      }
    }
    if (++stage == S::kStages) stage = 0, parity ^= 1;
    if (++next == S::kStages) next = 0;
  }
  if constexpr (S::kWgmma) {
    wait_for_products<0>();
    take_sums(sums[0]);
  }
  if (p.trigger == Trigger::products) launch_dependents();
  if constexpr (S::kByRows) {
    finish.store_rows(sums, parts, last_barrier);
  } else if (split) {
    finish.store_split(sums, parts, last_barrier);
  } else {
    finish.store_whole(sums);
  }
}

template <int kTile>
Instance instance_of() {
  using S = Shape<kTile>;
  return {reinterpret_cast<const void *>(&conv<kTile>), S::kThreads, S::bytes(false), S::bytes(true)};
}

}  // namespace stretto::kernels::cuda::hopper
