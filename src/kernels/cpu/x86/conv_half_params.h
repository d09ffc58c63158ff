// Convolution in f16: the register tile, and the task around it. Params are ConvParams with blocks of 32 channels.
#pragma once

#include "kernels/cpu/x86/conv_params.h"

namespace stretto::kernels {

/// Sums are f16 over so many eights of input channels, then widened and added to f32 sums: even and odd channels have
/// sums of their own, of 48 products each. A unit is one tap of a block of 32 input channels, or of those there are.
/// Widening takes some 70 cycles of a full tile, a unit 224. Of networks' outputs, 32 and 64 products instead of 48 are
/// off by 1.7e-3 and 2.1e-3 (U-Net), 2.2e-3 and 2.6e-3 (MobileNet V2), 3.9e-4 and 4.6e-4 (ResNet-18).
inline constexpr int kOctetsPerSum = 12;
/// Winograd's output transform makes more of what the sums are off by.
inline constexpr int kWinogradOctetsPerSum = 4;
/// f16 weights of one unit for one block of 32 output channels.
inline constexpr int kUnitWeights = 32 * 32;

struct HalfUnit {
  int32_t src = 0;      // offset of the tile's first pixel, in elements
  int32_t weights = 0;  // of the unit's weights, in elements for one block of output channels
  int32_t octets = 0;   // eights of input channels, at least 1
};

/// Worker scratch: f32 sums of one tile, then f16 ones, units and the panel at these bytes.
struct ConvHalfParams {
  ConvParams conv;
  int64_t chunk = 0, units = 0, panel = 0;
};

/// sums[b, r, o] = Σ over units and their channels: src · weights, in f16. Pixels of src are 32 elements apart.
/// Weights: [unit][pair of channels][b][o even, then o odd][16][2 channels].
struct HalfTileArgs {
  const uint16_t* src = nullptr;
  const uint16_t* weights = nullptr;
  const HalfUnit* units = nullptr;  // kUnitsAhead more than `count` can be read
  int32_t count = 0;
  uint16_t* sums = nullptr;  // [b][r][32]
};
using HalfTileFunction = void (*)(const HalfTileArgs& args);

/// Sums of the largest tile.
inline constexpr int kHalfTileSums = 14 * 32;
/// Units whose pixels are asked for ahead of their turn.
inline constexpr int kUnitsAhead = 2;

namespace avx512_fp16 {
/// The tile of `pixels` × `blocks` as tile_pixels(32, blocks) has them.
HalfTileFunction conv_tile(int pixels, int blocks);
void conv_direct(const StepArgs& args, TaskId id);
}  // namespace avx512_fp16

}  // namespace stretto::kernels
