// Convolutions as matrix products (an implicit GEMM), a tile of the result a block: rows are pixels of the result,
// columns its channels, the depth runs over taps and, within a tap, the channels of the source.
//
// The source lies channels last. A chunk is 16 bytes of depth: 8 channels in f16, 4 in f32, 16 of bytes; a chunk never
// crosses a tap. Weights lie packed [column][depth], the depth filled up with zeros to whole slices. A grid too small
// for the GPU splits the depth: each part writes its sums, a second kernel adds them in order.
#pragma once

#include "kernels/cuda/view.h"

namespace stretto::kernels::cuda {

inline constexpr int kMmaSliceBytes = 64;  // of depth that are fetched at a time, for each row and column
inline constexpr int kMmaChunkBytes = 16;
inline constexpr int kMmaChunks = kMmaSliceBytes / kMmaChunkBytes;
inline constexpr int kMmaStages = 4;

/// A block's part of the result, and the part of each of its 2 × 2 warps.
struct MmaTile {
  int rows, columns;
};
inline constexpr MmaTile kMmaTiles[] = {{128, 128}, {128, 64}, {64, 64}, {64, 32}, {32, 64}};
inline constexpr int kMmaTileCount = 5;

/// What is multiplied: f16, or f32 rounded to tf32, on tensor cores with sums in f32; f32 as it is, without them; bytes
/// on tensor cores with sums in i32.
enum class Multiply : int32_t { f16, tf32, f32, bytes };

STRETTO_BOTH constexpr uint32_t bytes_of(Multiply m) {
  return m == Multiply::f16 ? 2 : m == Multiply::bytes ? 1 : 4;
}

struct MmaGeometry {
  Multiply multiply;
  int32_t source;  // which input of the step
  uint32_t rows;   // pixels of the result
  uint32_t columns, stored_columns;
  uint32_t out_h, out_w, in_h, in_w;
  uint32_t in_chunks;  // chunks of a pixel of the source
  uint32_t kernel_w, taps;
  int32_t stride_h, stride_w, dilation_h, dilation_w, pad_h, pad_w;
  uint32_t slices;  // of the whole depth
  uint32_t tile, splits;

  STRETTO_BOTH uint32_t chunks() const { return taps * in_chunks; }
  /// Slices [begin, end) of part `part` of the depth.
  STRETTO_BOTH uint32_t slice_begin(uint32_t part) const { return slices * part / splits; }
  STRETTO_BOTH size_t weights_bytes() const { return size_t{stored_columns} * slices * kMmaSliceBytes; }
};

/// A row of the result, as where it reads its taps.
struct MmaRow {
  uint32_t base;  // chunks from the source's begin to its image
  int32_t y, x;   // of tap (0, 0); may lie outside
};
STRETTO_BOTH inline MmaRow mma_row(const MmaGeometry &p, uint32_t row) {
  const uint32_t area = p.out_h * p.out_w, n = row / area, at = row - n * area, oh = at / p.out_w;
  const uint32_t ow = at - oh * p.out_w;
  return {n * p.in_h * p.in_w * p.in_chunks, static_cast<int32_t>(oh) * p.stride_h - p.pad_h,
          static_cast<int32_t>(ow) * p.stride_w - p.pad_w};
}

/// A chunk of the depth, walked in steps of a slice.
struct MmaDepth {
  uint32_t chunk;   // of the whole depth
  uint32_t within;  // of the tap
  int32_t dy, dx;   // of the tap
  uint32_t tap_x;

  STRETTO_BOTH static MmaDepth at(const MmaGeometry &p, uint32_t chunk) {
    const uint32_t tap = chunk / p.in_chunks, tap_y = tap / p.kernel_w, tap_x = tap - tap_y * p.kernel_w;
    return {chunk, chunk - tap * p.in_chunks, static_cast<int32_t>(tap_y) * p.dilation_h,
            static_cast<int32_t>(tap_x) * p.dilation_w, tap_x};
  }
  STRETTO_BOTH void advance(const MmaGeometry &p) {
    chunk += kMmaChunks;
    within += kMmaChunks;
    while (within >= p.in_chunks) {
      within -= p.in_chunks;
      dx += p.dilation_w;
      if (++tap_x == p.kernel_w) {
        tap_x = 0;
        dx = 0;
        dy += p.dilation_h;
      }
    }
  }
};

/// The chunk of the source that `row` needs at `depth`, or −1: outside the image, or behind the depth's end.
STRETTO_BOTH inline int64_t mma_source(const MmaGeometry &p, const MmaRow &row, const MmaDepth &depth) {
  const int32_t y = row.y + depth.dy, x = row.x + depth.dx;
  const bool inside = static_cast<uint32_t>(y) < p.in_h && static_cast<uint32_t>(x) < p.in_w;
  if (!inside || depth.chunk >= p.chunks()) return -1;
  return int64_t{row.base} + (y * static_cast<int32_t>(p.in_w) + x) * static_cast<int64_t>(p.in_chunks) + depth.within;
}

/// Where a chunk lies in a stage of shared memory: rows of 64 bytes in pairs, chunks crossed so that neither the copies
/// nor ldmatrix meet a bank twice, nor eight neighbouring rows that are read a chunk each.
STRETTO_BOTH inline uint32_t mma_shared(uint32_t row, uint32_t chunk) {
  return row * kMmaSliceBytes + ((chunk ^ ((row >> 1) & 3)) * kMmaChunkBytes);
}

}  // namespace stretto::kernels::cuda
