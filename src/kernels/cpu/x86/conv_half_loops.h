// The loops of a convolution in f16 around its register tile. I names one instruction set: I::V its vector of f16,
// I::tile(pixels, blocks) its register tiles.
//
// A task owns some output channels and some rows.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/conv_panel_loops.h"
#include "kernels/cpu/x86/half_product_loops.h"

namespace stretto::kernels {
namespace {

/// What all tiles of one task have in common.
struct HalfTask {
  const ConvParams* p;
  const ConvPass* pass;
  const uint16_t* src;      // of the image's group
  const uint16_t* weights;  // of the group's pass
  const float* bias;        // of the group
  const uint16_t* other;    // offset as dst; null if there is none
  uint16_t* dst;            // of the image's group and pass
  uint16_t* panel;
  HalfUnit* units;
  uint16_t* chunk;  // sums of one call of the tile
  float* sums;
  int oc_begin, oc_end;
  ptrdiff_t taps[kMaxConvKernel], panel_taps[kMaxConvKernel];
};

/// Where a tile finds its pixels.
struct HalfSource {
  const uint16_t* src;
  ptrdiff_t block, row;
  const ptrdiff_t* taps;
};

inline HalfSource half_source(const HalfTask& t, const ConvSpan& s, bool inside) {
  const ConvParams& p = *t.p;
  constexpr int W = 32;
  if (inside) {
    const int iy = s.oy * p.sh - t.pass->pt + s.kh_begin * p.dh, ix = s.ox * p.sw - t.pass->pl;
    return {t.src + (static_cast<ptrdiff_t>(iy) * p.iw + ix) * W, p.src_block, static_cast<ptrdiff_t>(p.dh) * p.iw * W,
            t.taps};
  }
  const ptrdiff_t row = static_cast<ptrdiff_t>(p.panel_phases) * p.panel_pixels * W;
  return {t.panel, (s.kh_end - s.kh_begin) * row, row, t.panel_taps};
}

/// Lists the units of a span and, behind them, the last one again; returns their number.
inline int list_units(const HalfTask& t, const ConvSpan& s, const HalfSource& source) {
  const ConvParams& p = *t.p;
  const ConvPass& pass = *t.pass;
  HalfUnit* unit = t.units;
  for (int ic = 0; ic < p.ic_blocks; ++ic) {
    for (int kh = s.kh_begin; kh < s.kh_end; ++kh) {
      for (int kw = 0; kw < pass.kw; ++kw, ++unit) {
        unit->src = static_cast<int32_t>(ic * source.block + (kh - s.kh_begin) * source.row + source.taps[kw]);
        unit->weights = ((ic * pass.kh + kh) * pass.kw + kw) * kUnitWeights;
        unit->octets = ic + 1 == p.ic_blocks ? (p.last_quads + 1) / 2 : 4;
      }
    }
  }
  const int count = static_cast<int>(unit - t.units);
  for (int i = 0; i < kUnitsAhead; ++i) unit[i] = count > 0 ? unit[-1] : HalfUnit{};
  return count;
}

/// One row of pixels of one tile, all its input channels, all output channels of the task.
template <class I>
void conv_half_span(const HalfTask& t, const ConvSpan& s) {
  using V = typename I::V;
  constexpr int W = V::width;
  const ConvParams& p = *t.p;
  const ConvPass& pass = *t.pass;
  const int ix = s.ox * p.sw - pass.pl;
  const bool inside = p.sw == 1 && ix >= 0 && ix + s.pixels - 1 + (pass.kw - 1) * p.dw < p.iw;
  if (!inside) fill_panel<V>(p, pass, t.src, t.panel, s);
  const HalfSource source = half_source(t, s, inside);
  HalfProduct product;
  product.src = source.src;
  product.units = t.units;
  product.count = list_units(t, s, source);
  product.block_weights = static_cast<ptrdiff_t>(p.ic_blocks) * pass.kh * pass.kw * kUnitWeights;
  product.weights = t.weights + t.oc_begin * product.block_weights;
  product.bias = t.bias + t.oc_begin * W;
  const ptrdiff_t place = s.oy * p.dst_row + s.ox * p.dst_pixel + t.oc_begin * p.dst_block;
  product.dst = t.dst + place;
  product.other = t.other == nullptr ? nullptr : t.other + place;
  product.dst_pixel = p.dst_pixel;
  product.dst_block = p.dst_block;
  product.pixels = s.pixels;
  product.oc_blocks = t.oc_end - t.oc_begin;
  product.blocks = p.blocks;
  product.last_lanes = p.epilogue.tail > 0 && t.oc_end == p.oc_blocks ? p.epilogue.tail : W;
  product.epilogue = &p.epilogue;
  product.chunk = t.chunk;
  product.sums = t.sums;
  half_product<I>(product);
}

template <class I>
void conv_half_rows(const HalfTask& t, int row_begin, int row_end, int col_begin, int col_end) {
  const ConvParams& p = *t.p;
  const ConvPass& pass = *t.pass;
  const int tiles = (col_end - col_begin + p.pixels - 1) / p.pixels;
  ConvSpan s;
  s.ic_begin = 0;
  s.ic_end = p.ic_blocks;
  for (s.oy = row_begin; s.oy < row_end; ++s.oy) {
    const int iy = s.oy * p.sh - pass.pt;
    s.kh_begin = least(pass.kh, most(0, ceil_div(-iy, p.dh)));
    s.kh_end = least(pass.kh, most(s.kh_begin, ceil_div(p.ih - iy, p.dh)));
    s.ox = col_begin;
    for (int tile = 0; tile < tiles; ++tile) {
      s.pixels = (col_end - s.ox + tiles - tile - 1) / (tiles - tile);
      conv_half_span<I>(t, s);
      s.ox += s.pixels;
    }
  }
}

template <class I>
void conv_half_task(const StepArgs& args, TaskId id) {
  constexpr int W = I::V::width;
  const ConvHalfParams& params = *static_cast<const ConvHalfParams*>(args.params);
  const ConvParams& p = params.conv;
  const ConvTaskIndex index = conv_task_index(p, id.index);
  HalfTask t;
  t.p = &p;
  t.pass = &p.pass[index.pass];
  const float* packed = reinterpret_cast<const float*>(args.weights);
  t.bias = packed + static_cast<ptrdiff_t>(index.group) * p.oc_blocks * W;
  t.weights = reinterpret_cast<const uint16_t*>(packed + p.weights) + index.group * p.group_weights + t.pass->weights;
  t.src =
      static_cast<const uint16_t*>(args.src[p.src]) + static_cast<ptrdiff_t>(index.image) * p.ic_blocks * p.src_block;
  const ptrdiff_t out = static_cast<ptrdiff_t>(index.image) * p.oc_blocks * p.dst_block + t.pass->dst;
  t.dst = static_cast<uint16_t*>(args.dst) + out;
  t.other = p.epilogue.other < 0 ? nullptr : static_cast<const uint16_t*>(args.src[p.epilogue.other]) + out;
  std::byte* memory = args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride;
  t.sums = reinterpret_cast<float*>(memory);
  t.chunk = reinterpret_cast<uint16_t*>(memory + params.chunk);
  t.units = reinterpret_cast<HalfUnit*>(memory + params.units);
  t.panel = reinterpret_cast<uint16_t*>(memory + params.panel);
  t.oc_begin = index.chunk * p.oc_chunk;
  t.oc_end = least(p.oc_blocks, t.oc_begin + p.oc_chunk);
  set_taps<W>(p, *t.pass, t.taps, t.panel_taps);
  conv_half_rows<I>(t, index.row * p.row_block, least(t.pass->oh, (index.row + 1) * p.row_block),
                    index.col * p.col_block, least(t.pass->ow, (index.col + 1) * p.col_block));
}

}  // namespace
}  // namespace stretto::kernels
