// Pixels through f16 products: the register tile takes some units at a time, its f16 sums are widened and added to f32
// sums in scratch, and the last of them meet the epilogue and are stored. I names one instruction set: I::V its vector
// of f16, I::tile(pixels, blocks) its register tiles.
#pragma once

#include "kernels/cpu/x86/conv_half_params.h"
#include "kernels/cpu/x86/unary_loops.h"

namespace stretto::kernels {
namespace {

/// `pixels` pixels and `oc_blocks` blocks of output channels; pointers are at the first of each.
struct HalfProduct {
  const uint16_t* src = nullptr;
  const HalfUnit* units = nullptr;  // with kUnitsAhead more behind them
  int count = 0;                    // of units
  const uint16_t* weights = nullptr;
  ptrdiff_t block_weights = 0;  // of one block of output channels
  const float* bias = nullptr;
  const uint16_t* other = nullptr;  // laid out as dst; may be null
  uint16_t* dst = nullptr;
  ptrdiff_t dst_pixel = 0, dst_block = 0;
  int pixels = 0, oc_blocks = 0;
  int blocks = 1;       // of a register tile
  int last_lanes = 32;  // channels of the last block that exist
  const EpilogueParams* epilogue = nullptr;
  uint16_t* chunk = nullptr;  // scratch: f16 sums of one tile
  float* sums = nullptr;      // scratch: f32 sums of one tile
};

/// The units of a 1×1 convolution: blocks of input channels `src_block` elements apart, the last again behind them.
inline void list_blocks(int ic_blocks, int last_quads, ptrdiff_t src_block, HalfUnit* units) {
  for (int i = 0; i < ic_blocks + kUnitsAhead; ++i) {
    const int ic = i < ic_blocks ? i : ic_blocks - 1;
    units[i].src = static_cast<int32_t>(ic * src_block);
    units[i].weights = ic * kUnitWeights;
    units[i].octets = ic + 1 == ic_blocks ? (last_quads + 1) / 2 : 4;
  }
}

/// How many of the `left` next units one f16 sum of at most so many octets takes, one at least.
inline int units_of_sum(const HalfUnit* units, int left, int most_octets) {
  int count = 0;
  for (int octets = 0; count < left; ++count) {
    octets += units[count].octets;
    if (octets > most_octets && count > 0) break;
  }
  return count;
}

/// The sums of one block of one tile: what the tile made, and what it is added to (`start_step` apart).
struct HalfSums {
  const uint16_t* chunk;
  const float* start;
  int start_step;
  float* sums;
};

template <class Wide>
void add_chunk(const HalfSums& s, int pixels) {
  constexpr int W = Wide::width;
  const float* start = s.start;
  for (int r = 0; r < pixels; ++r, start += s.start_step) {
    Wide::store(s.sums + r * W, Wide::add(Wide::load(s.chunk + r * W), Wide::load(start)));
  }
}

/// The same, ended by the epilogue and stored.
template <class Wide>
void finish_chunk(const HalfProduct& t, const HalfSums& s, uint16_t* dst, const uint16_t* other, int lanes) {
  constexpr int W = Wide::width;
  const EpilogueParams& e = *t.epilogue;
  if (!e.simple) {
    add_chunk<Wide>(s, t.pixels);
    epilogue_row_of<Wide>(e, s.sums, W, other, t.dst_pixel, t.pixels, lanes);
    for (int r = 0; r < t.pixels; ++r) Wide::store(dst + r * t.dst_pixel, Wide::load(s.sums + r * W));
    return;
  }
  const typename Wide::T lo = Wide::set(e.lo), hi = Wide::set(e.hi);
  const float* start = s.start;
  for (int r = 0; r < t.pixels; ++r, start += s.start_step) {
    typename Wide::T x = Wide::add(Wide::load(s.chunk + r * W), Wide::load(start));
    if (other != nullptr) x = Wide::add(x, Wide::load(other + r * t.dst_pixel));
    Wide::store(dst + r * t.dst_pixel, Wide::min(hi, Wide::max(lo, x)));
  }
}

template <class I>
void half_product(const HalfProduct& t) {
  using Wide = typename I::V::Wide;
  constexpr int W = Wide::width;
  HalfTileArgs a;
  a.src = t.src;
  a.sums = t.chunk;
  for (int oc = 0; oc < t.oc_blocks; oc += t.blocks) {
    const int blocks = t.blocks < t.oc_blocks - oc ? t.blocks : t.oc_blocks - oc;
    const HalfTileFunction tile = I::tile(t.pixels, blocks);
    a.weights = t.weights + oc * t.block_weights;
    int first = 0;
    do {
      a.units = t.units + first;
      a.count = units_of_sum(a.units, t.count - first, kOctetsPerSum);
      tile(a);
      const bool last = first + a.count == t.count;
      for (int b = 0; b < blocks; ++b) {
        HalfSums s;
        s.chunk = t.chunk + b * t.pixels * W;
        s.sums = t.sums + b * t.pixels * W;
        s.start = first == 0 ? t.bias + (oc + b) * W : s.sums;
        s.start_step = first == 0 ? 0 : W;
        if (!last) {
          add_chunk<Wide>(s, t.pixels);
          continue;
        }
        const ptrdiff_t place = (oc + b) * t.dst_block;
        finish_chunk<Wide>(t, s, t.dst + place, t.other == nullptr ? nullptr : t.other + place,
                           oc + b + 1 == t.oc_blocks ? t.last_lanes : W);
      }
      first += a.count;
    } while (first < t.count);
  }
}

}  // namespace
}  // namespace stretto::kernels
