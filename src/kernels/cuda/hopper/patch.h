// 3 × 3 convolutions of Hopper GPUs for small grids: a block holds the patch of the image that 8 × 8 pixels of the
// result read, for 64 channels of the source, and the weights of all nine taps. Every tap is a product whose operand A
// is the patch shifted by the tap, so that nothing is read twice. The blocks of a cluster share the channels.
#pragma once

#include "kernels/cuda/hopper/epilogue.h"
#include "kernels/cuda/hopper/weights.h"

namespace stretto::kernels::cuda::hopper {

inline constexpr int kPatchSide = 8, kPatchPixels = kPatchSide * kPatchSide;  // of the result, a block
inline constexpr int kPatchTaps = 9;
/// Columns of a tile: a configuration's first number is an index.
inline constexpr int kPatchColumns[] = {32, 64};
inline constexpr int kPatchTileCount = 2;
inline constexpr int kMaxPatchSplitLog2 = 3;

struct PatchParams {
  int32_t source;  // which input of the step
  int32_t images, columns, packed_columns;
  int32_t out_h, out_w, in_h, in_w, in_c;  // columns, in_c: channels as they are stored
  int32_t stride, pad_h, pad_w;
  int32_t tile, split_log2;  // 1 << split_log2 blocks take 64 channels each
  int32_t trigger;           // of hopper/conv.h
  Epilogue epilogue;

  STRETTO_BOTH int32_t tiles_x() const { return (out_w + kPatchSide - 1) / kPatchSide; }
  STRETTO_BOTH int32_t tiles_y() const { return (out_h + kPatchSide - 1) / kPatchSide; }
  int32_t tiles_across() const { return packed_columns / kPatchColumns[tile]; }
  /// Depth of a tap as the weights are packed.
  STRETTO_BOTH int32_t tap_depth() const { return kSlice << split_log2; }
  STRETTO_BOTH int32_t slices() const { return kPatchTaps << split_log2; }
};

/// Pixels of a patch a side, and slots for pixels a row of it. With stride 2 a row holds even columns first, then, from
/// kOddSlots on, the odd ones: the eight pixels that a tap reads are neighbours.
STRETTO_BOTH constexpr int patch_pixels(int stride) {
  return stride == 1 ? 10 : 17;
}
STRETTO_BOTH constexpr int patch_pitch(int stride) {
  return stride == 1 ? 16 : 24;
}
inline constexpr int kOddSlots = 16;
STRETTO_BOTH constexpr int patch_slot(int stride, int y, int x) {
  return y * patch_pitch(stride) + (stride == 1 ? x : (x & 1) * kOddSlots + (x >> 1));
}
/// The slot that row `r` of the tile (pixel r / 8, r % 8) reads at a tap: groups of eight rows lie stride ·
/// patch_pitch(stride) slots apart, rows of a group one.
STRETTO_BOTH constexpr int patch_read(int stride, int tap, int r) {
  return patch_slot(stride, tap / 3, tap % 3) + r / 8 * stride * patch_pitch(stride) + r % 8;
}

struct PatchPlace {
  int32_t image, y, x;  // pixel (0, 0) of the tile
};
STRETTO_BOTH inline PatchPlace patch_place(const PatchParams &p, int32_t tile) {
  const int32_t x = tile % p.tiles_x(), rest = tile / p.tiles_x();
  return {rest / p.tiles_y(), rest % p.tiles_y() * kPatchSide, x * kPatchSide};
}
/// The row of the result of a tile's row, or −1.
STRETTO_BOTH inline int32_t patch_row(const PatchParams &p, const PatchPlace &at, int32_t r) {
  const int32_t y = at.y + r / kPatchSide, x = at.x + r % kPatchSide;
  return y < p.out_h && x < p.out_w ? (at.image * p.out_h + y) * p.out_w + x : -1;
}
/// Where pixel (y, x) of a patch lies in the source, in elements; −1: outside the image.
STRETTO_BOTH inline int32_t patch_source(const PatchParams &p, const PatchPlace &at, int32_t y, int32_t x) {
  y += at.y * p.stride - p.pad_h, x += at.x * p.stride - p.pad_w;
  const bool inside = static_cast<uint32_t>(y) < static_cast<uint32_t>(p.in_h) &&
                      static_cast<uint32_t>(x) < static_cast<uint32_t>(p.in_w);
  return inside ? ((at.image * p.in_h + y) * p.in_w + x) * p.in_c : -1;
}

}  // namespace stretto::kernels::cuda::hopper
