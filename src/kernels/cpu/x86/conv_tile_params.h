// The register tile that convolutions and products share: R pixels × B channel blocks of sums.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stretto::kernels {

/// One tile: for each pixel r and output block b,
///   dst[r, b] = start + Σ over ic blocks, kh, kw and the channels of a block: src · weights.
/// Pixels of src are one vector (`width` floats) apart. Strides are in floats.
/// Weights: [ic block][kh][kw][channel of the block][b][width].
struct TileArgs {
  const float* src = nullptr;
  const void* weights = nullptr;  // float, or f16 for the tiles of conv_tile_half
  const float* bias = nullptr;    // start from bias[b][width]; null: from what dst holds
  float* dst = nullptr;
  const float* other = nullptr;     // laid out as dst; added before the clamp, may be null
  const ptrdiff_t* taps = nullptr;  // offset of each kw in src
  ptrdiff_t src_block = 0, src_row = 0;
  ptrdiff_t dst_pixel = 0, dst_block = 0;
  ptrdiff_t weights_skip = 0;  // after the kh taken of one ic block to those of the next
  int32_t ic_blocks = 0, kh = 0, kw = 0;
  int32_t quads = 0, last_quads = 0;  // fours of channels in an ic block, and in the last one of this call
  int32_t clamp = 0;                  // keep in lo…hi
  float lo = 0, hi = 0;
  // Fetched into level 2 meanwhile, a line for every kLineChannels channels of every tap: what is read next.
  const char* ahead = nullptr;
  ptrdiff_t ahead_step = 0;  // bytes: a line, or 0 when there is nothing to fetch
};

inline constexpr int kLineChannels = 2;

using TileFunction = void (*)(const TileArgs& args);

inline constexpr int kMaxTilePixels = 14;
inline constexpr int kMaxTileBlocks = 4;

/// The tile of `pixels` × `blocks`; null where there is none (see tile_pixels). `half`: weights are f16.
namespace avx512 {
TileFunction conv_tile(int pixels, int blocks);
TileFunction conv_tile_half(int pixels, int blocks);
}  // namespace avx512
namespace avx2 {
TileFunction conv_tile(int pixels, int blocks);
TileFunction conv_tile_half(int pixels, int blocks);
}  // namespace avx2

/// The most pixels of a tile with so many blocks, every smaller number included; 0: none.
constexpr int tile_pixels(int width, int blocks) {
  if (width == 32) return blocks == 1 ? 14 : blocks == 2 ? 6 : 0;
  if (width == 16) return blocks == 1 || blocks == 2 ? 14 : blocks == 3 ? 9 : blocks == 4 ? 6 : 0;
  return blocks == 1 ? 12 : blocks == 2 ? 6 : blocks == 3 ? 4 : 0;
}

}  // namespace stretto::kernels
