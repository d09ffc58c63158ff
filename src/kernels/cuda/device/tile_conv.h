// Inside the .cu files: the kernel of kernels/cuda/tile.h. 2 × 2 warps a block; slices of the depth are copied to
// shared memory some stages ahead (cp.async); a Core multiplies a slice into its registers and says what becomes of the
// sums.
//
// A Core has: Params (an MmaGeometry), At (pointers: src, weights, outside; the last null where zeros stand for what is
// outside the image), Sum (4 bytes), a class template Tile<warp's rows, warp's columns> with multiply() and spread(),
// and store(). A Tile's sums go through shared memory, so that eight neighbouring columns meet in one thread.
#pragma once

#include <cuda_runtime.h>

#include "kernels/cuda/device/early.cuh"
#include "kernels/cuda/tile.h"

namespace stretto::kernels::cuda {

inline constexpr int kTileThreads = 128;
inline constexpr int kTileRowsAtOnce = kTileThreads / kMmaChunks;  // that the block copies a slice of
inline constexpr int kFarOutside = -(1 << 30);  // a row of pixels that no tap brings back into the image
inline constexpr int kTileLanes = 8;            // columns that a thread finishes at a time

/// From a row to the next of a block's sums in shared memory: warps write eight rows at a time.
constexpr int sums_stride(int columns) {
  return columns + 8;
}

__device__ __forceinline__ void copy_chunk(uint32_t to, const void *from, bool valid) {
  const int bytes = valid ? kMmaChunkBytes : 0;  // the rest is filled with zeros
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(to), "l"(from), "r"(bytes));
}

template <class Core, int kRows, int kColumns>
__global__ void __launch_bounds__(kTileThreads)
    tile_conv(const __grid_constant__ typename Core::Params p, const typename Core::At at) {
  using Sum = typename Core::Sum;
  constexpr uint32_t kStageBytes = (kRows + kColumns) * kMmaSliceBytes;
  wait_for_previous_step();
  extern __shared__ __align__(128) unsigned char shared[];
  const auto base = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
  const uint32_t thread = threadIdx.x, warp = thread >> 5;
  const uint32_t row0 = blockIdx.x * kRows, column0 = blockIdx.y * kColumns;
  const uint32_t begin = p.slice_begin(blockIdx.z), end = p.slice_begin(blockIdx.z + 1);

  const uint32_t own_row = thread / kMmaChunks, own_chunk = thread % kMmaChunks;
  MmaRow rows[kRows / kTileRowsAtOnce];
#pragma unroll
  for (int i = 0; i < kRows / kTileRowsAtOnce; ++i) {
    const uint32_t row = row0 + own_row + i * kTileRowsAtOnce;
    rows[i] = row < p.rows ? mma_row(p, row) : MmaRow{0, kFarOutside, kFarOutside};
  }
  MmaDepth depth = MmaDepth::at(p, begin * kMmaChunks + own_chunk);
  const char *weights =
      at.weights + ((size_t{column0} + own_row) * p.slices + begin) * kMmaSliceBytes + own_chunk * kMmaChunkBytes;
  const size_t weights_step = size_t{kTileRowsAtOnce} * p.slices * kMmaSliceBytes;

  const auto fetch = [&](uint32_t slice) {
    const uint32_t stage = base + (slice - begin) % kMmaStages * kStageBytes;
    if (slice < end) {
#pragma unroll
      for (int i = 0; i < kRows / kTileRowsAtOnce; ++i) {
        const int64_t from = mma_source(p, rows[i], depth);
        const uint32_t to = stage + mma_shared(own_row + i * kTileRowsAtOnce, own_chunk);
        if constexpr (Core::kFillsOutside) {
          copy_chunk(to, from < 0 ? at.outside : at.src + from * kMmaChunkBytes, true);
        } else {
          copy_chunk(to, at.src + (from < 0 ? 0 : from) * kMmaChunkBytes, from >= 0);
        }
      }
#pragma unroll
      for (int i = 0; i < kColumns / kTileRowsAtOnce; ++i) {
        const bool valid = column0 + own_row + i * kTileRowsAtOnce < p.stored_columns;
        copy_chunk(stage + kRows * kMmaSliceBytes + mma_shared(own_row + i * kTileRowsAtOnce, own_chunk),
                   valid ? weights + i * weights_step : at.weights, valid);
      }
      weights += kMmaSliceBytes;
      depth.advance(p);
    }
    asm volatile("cp.async.commit_group;\n");
  };

  using Tile = typename Core::template Tile<kRows / 2, kColumns / 2>;
  Tile tile;
  const uint32_t warp_row = (warp & 1) * (kRows / 2), warp_column = (warp >> 1) * (kColumns / 2);
  for (uint32_t s = 0; s < kMmaStages - 1; ++s) fetch(begin + s);
  for (uint32_t slice = begin; slice < end; ++slice) {
    asm volatile("cp.async.wait_group %0;\n" ::"n"(kMmaStages - 2));
    __syncthreads();
    fetch(slice + kMmaStages - 1);
    const uint32_t stage = (slice - begin) % kMmaStages * kStageBytes;
    tile.multiply(shared + stage, shared + stage + kRows * kMmaSliceBytes, warp_row, warp_column);
  }

  __syncthreads();
  constexpr int kStride = sums_stride(kColumns);
  auto *sums = reinterpret_cast<Sum *>(shared);
  tile.spread(sums + warp_row * kStride + warp_column, kStride);
  __syncthreads();
  // The loop is kept rolled: what becomes of a sum is many instructions.
  constexpr uint32_t kAcross = kColumns / kTileLanes;
#pragma unroll 1
  for (uint32_t i = thread; i < kRows * kAcross; i += kTileThreads) {
    const uint32_t its_row = i / kAcross, its_column = i % kAcross * kTileLanes;
    const uint32_t row = row0 + its_row, column = column0 + its_column;
    if (row >= p.rows || column >= p.stored_columns) continue;
    const auto *from = reinterpret_cast<const uint4 *>(sums + its_row * kStride + its_column);
    uint4 bits[2] = {from[0], from[1]};
    if (p.splits > 1) {
      auto *to = reinterpret_cast<uint4 *>(at.parts + (size_t{blockIdx.z} * p.rows + row) * p.stored_columns + column);
      to[0] = bits[0];
      to[1] = bits[1];
    } else {
      Core::store(p, at, reinterpret_cast<Sum(&)[kTileLanes]>(bits), row, column);
    }
  }
}

template <class Core, int kTile>
cudaError_t launch_tile(const typename Core::Params &p, const typename Core::At &at, cudaStream_t stream) {
  constexpr int kRows = kMmaTiles[kTile].rows, kColumns = kMmaTiles[kTile].columns;
  constexpr int kStageBytes = kMmaStages * (kRows + kColumns) * kMmaSliceBytes;
  constexpr int kSumBytes = kRows * sums_stride(kColumns) * static_cast<int>(sizeof(typename Core::Sum));
  constexpr int kBytes = kStageBytes > kSumBytes ? kStageBytes : kSumBytes;
  const auto kernel = tile_conv<Core, kRows, kColumns>;
  if (const cudaError_t e = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes)) return e;
  const dim3 grid((p.rows + kRows - 1) / kRows, (p.stored_columns + kColumns - 1) / kColumns, p.splits);
  return launch_early(kernel, grid, kTileThreads, kBytes, stream, p, at);
}

template <class Core>
cudaError_t launch_tiles(const typename Core::Params &p, const typename Core::At &at, cudaStream_t stream) {
  switch (p.tile) {
    case 0:
      return launch_tile<Core, 0>(p, at, stream);
    case 1:
      return launch_tile<Core, 1>(p, at, stream);
    case 2:
      return launch_tile<Core, 2>(p, at, stream);
    case 3:
      return launch_tile<Core, 3>(p, at, stream);
    default:
      return launch_tile<Core, 4>(p, at, stream);
  }
}

}  // namespace stretto::kernels::cuda
