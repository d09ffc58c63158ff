// Weights and memory of the f16 register tile, for every tactic that uses it.
#pragma once

#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_params.h"

namespace stretto::kernels {

/// Channels in a block of f16.
inline constexpr int kHalfWidth = 32;
/// Of one tile: offsets of their weights fit int32.
inline constexpr int64_t kMostUnits = 1 << 20;

/// Packs oc × ic × kh × kw weights for the tile (conv_half_params.h), zeros where channels are missing. Returns past
/// the last one written.
uint16_t* pack_half_tiles(const WeightView& view, int oc, int ic, int kh, int kw, int blocks, uint16_t* out);

/// Params, tasks and memory of a convolution whose split is filled in.
Booking book_conv_half(const ConvParams& p);

}  // namespace stretto::kernels
