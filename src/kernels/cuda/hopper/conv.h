// Convolutions on tensor cores of Hopper GPUs (compute capability 9.0): an implicit GEMM of f16 values, sums in f32.
//
// Rows are pixels of the result, columns its channels, the depth runs over taps and, within a tap, the channels of the
// source as they are stored. Depth is taken in slices of 64. A block computes a tile of rows × columns; a cluster of
// blocks may share the depth of one tile, each sends its sums to the block that owns the rows (distributed shared
// memory), which adds them in order of rank. So results do not depend on time.
#pragma once

#include "kernels/cuda/hopper/epilogue.h"
#include "kernels/cuda/hopper/weights.h"

namespace stretto::kernels::cuda::hopper {

/// How a tile multiplies: mma.sync; wgmma; wgmma whose result and other input travel as bulk copies of rows (whole
/// tiles of columns and no split depth only).
enum class Engine : uint8_t { mma, wgmma, wgmma_rows };

struct Tile {
  Engine engine;
  int rows, columns;
  int warps_down, warps_across;  // of the block
  int stages;                    // slices of the depth in shared memory
  int blocks;                    // that a multiprocessor should hold at least
};
/// A configuration's first number; numbers stay.
inline constexpr Tile kTiles[] = {
    {Engine::wgmma, 64, 64, 4, 1, 4, 2},    {Engine::wgmma, 64, 32, 4, 1, 8, 2},
    {Engine::wgmma, 64, 128, 4, 1, 4, 2},   {Engine::wgmma, 128, 64, 8, 1, 3, 3},
    {Engine::wgmma, 128, 64, 8, 1, 4, 2},   {Engine::wgmma, 128, 128, 8, 1, 3, 2},
    {Engine::wgmma, 128, 128, 8, 1, 5, 1},  {Engine::wgmma, 128, 256, 8, 1, 4, 1},
    {Engine::wgmma, 256, 128, 16, 1, 4, 1}, {Engine::mma, 32, 64, 2, 2, 4, 2},
    {Engine::mma, 32, 64, 2, 4, 6, 2},      {Engine::wgmma_rows, 128, 128, 8, 1, 2, 2},
};
inline constexpr int kTileCount = static_cast<int>(sizeof kTiles / sizeof kTiles[0]);

/// When blocks of the next step may start: when the first loads of the source are on their way; at once; after the
/// products. A configuration's last number.
enum class Trigger : int32_t { loads, start, products };
inline constexpr int kTriggerCount = 3;

/// Taps along an axis at most: a bit each, see TapRow.
inline constexpr int kMaxTaps = 15;

struct ConvParams {
  int32_t source;                         // which input of the step
  int32_t rows, columns, packed_columns;  // columns: channels of the result as they are stored; and whole tiles of them
  int32_t out_area, out_w;                // pixels of an image of the result and of a row of it
  int32_t in_h, in_w, in_c;               // in_c: as they are stored
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_h, pad_w;
  int32_t slices;  // of the depth
  // Of a transposed convolution of 2 × 2 with stride 2: the result's channels as stored, else 0. It is a product whose
  // rows are pixels of the source and whose columns are [tap][channel]; out_area, out_w are the source's.
  int32_t spread;
  int32_t tile, split_log2;
  Trigger trigger;
  Epilogue epilogue;

  int32_t tiles_across() const { return packed_columns / kTiles[tile].columns; }
  /// Slices [begin(rank), begin(rank + 1)) are multiplied by that block of a cluster.
  STRETTO_BOTH int32_t slice_begin(int32_t rank) const { return (slices * rank) >> split_log2; }
};

/// The pixel of the result that a row makes in the columns of a tap of `spread`.
STRETTO_BOTH inline int32_t result_row(const ConvParams &p, int32_t row, int32_t tap) {
  if (p.spread == 0) return row;
  const int32_t n = row / p.out_area, at = row - n * p.out_area, y = at / p.out_w, x = at - y * p.out_w;
  return (n * p.out_area * 2 + (2 * y + tap / 2) * p.out_w) * 2 + 2 * x + tap % 2;
}

/// A row of the result, as where it reads its taps.
struct TapRow {
  int32_t offset;   // elements from the source's begin to tap (0, 0) of the row; may be negative
  uint32_t inside;  // bit x: taps of column x lie inside the image; bit 16 + y: those of row y do
};
STRETTO_BOTH inline TapRow tap_row(const ConvParams &p, int32_t row) {
  const int32_t n = row / p.out_area, at = row - n * p.out_area, oh = at / p.out_w, ow = at - oh * p.out_w;
  const int32_t y = oh * p.stride_h - p.pad_h, x = ow * p.stride_w - p.pad_w;
  TapRow r{((n * p.in_h + y) * p.in_w + x) * p.in_c, 0};
  if (row >= p.rows) return r;
  for (int32_t t = 0; t < p.kernel_w; ++t) {
    if (static_cast<uint32_t>(x + t * p.dilation_w) < static_cast<uint32_t>(p.in_w)) r.inside |= 1u << t;
  }
  for (int32_t t = 0; t < p.kernel_h; ++t) {
    if (static_cast<uint32_t>(y + t * p.dilation_h) < static_cast<uint32_t>(p.in_h)) r.inside |= 0x10000u << t;
  }
  return r;
}

/// Eight channels of one tap, walked a slice at a time. Behind the depth's end no row is inside.
struct TapWalk {
  int32_t c, x, y;
  int32_t offset;  // elements from tap (0, 0) to this tap

  /// `depth`: a multiple of eight.
  STRETTO_BOTH static TapWalk at(const ConvParams &p, int32_t depth) {
    const int32_t tap = depth / p.in_c, y = tap / p.kernel_w, x = tap - y * p.kernel_w;
    return {depth - tap * p.in_c, x, y < kMaxTaps ? y : kMaxTaps,
            (y * p.dilation_h * p.in_w + x * p.dilation_w) * p.in_c};
  }
  STRETTO_BOTH void advance(const ConvParams &p) {
    c += kSlice;
    while (c >= p.in_c) {
      c -= p.in_c;
      offset += p.dilation_w * p.in_c;
      if (++x == p.kernel_w) {
        x = 0;
        y = y < kMaxTaps ? y + 1 : kMaxTaps;
        offset += (p.dilation_h * p.in_w - p.kernel_w * p.dilation_w) * p.in_c;
      }
    }
  }
  STRETTO_BOTH bool is_inside(uint32_t inside) const { return ((inside >> x) & (inside >> (16 + y)) & 1u) != 0; }
};

}  // namespace stretto::kernels::cuda::hopper
