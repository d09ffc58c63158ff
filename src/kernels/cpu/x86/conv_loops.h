// The loops of a blocked convolution around the register tile. I names one instruction set: I::V its vector,
// I::tile(pixels, blocks) its register tiles.
//
// A task owns some output channels and some rows. Input channels are taken in chunks so that a tile's input stays in
// level 1 and the task's weights of the chunk in level 2; between chunks the sums rest in dst.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/ahead_loops.h"
#include "kernels/cpu/x86/conv_params.h"
#include "kernels/cpu/x86/unary_loops.h"

namespace stretto::kernels {
namespace {

/// What all tiles of one task have in common.
struct ConvTask {
  const ConvParams* p;
  const ConvPass* pass;
  const float* src;     // of the image's group
  const void* weights;  // of the group's pass
  const float* bias;    // of the group
  const float* other;   // offset as dst; null if there is none
  float* dst;           // of the image's group and pass
  float* panel;
  Ahead ahead;
  int oc_begin, oc_end;
  ptrdiff_t taps[kMaxConvKernel], panel_taps[kMaxConvKernel];
};

/// One row of pixels of one tile, for a chunk of ic blocks.
struct ConvSpan {
  int ic_begin, ic_end, oy, ox, pixels;
  int kh_begin, kh_end;  // rows of the kernel that meet the image
};

inline int ceil_div(int a, int b) {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}
inline int least(int a, int b) {
  return a < b ? a : b;
}
inline int most(int a, int b) {
  return a > b ? a : b;
}

/// Copies what one span reads into the panel, zeros where it reaches past the image.
template <class V>
void fill_panel(const ConvTask& t, const ConvSpan& s) {
  constexpr int W = V::width;
  const ConvParams& p = *t.p;
  const int count = s.pixels + ((t.pass->kw - 1) * p.dw) / p.sw;
  float* out = t.panel;
  for (int ic = s.ic_begin; ic < s.ic_end; ++ic) {
    for (int kh = s.kh_begin; kh < s.kh_end; ++kh) {
      const int iy = s.oy * p.sh - t.pass->pt + kh * p.dh;
      const float* row = t.src + ic * p.src_block + static_cast<ptrdiff_t>(iy) * p.iw * W;
      for (int phase = 0; phase < p.panel_phases; ++phase, out += p.panel_pixels * W) {
        const int ix = s.ox * p.sw - t.pass->pl + phase;
        const int begin = least(count, most(0, ceil_div(-ix, p.sw)));
        const int end = least(count, most(begin, ceil_div(p.iw - ix, p.sw)));
        for (int j = 0; j < begin; ++j) V::store(out + j * W, V::zero());
        for (int j = begin; j < end; ++j)
          V::store(out + j * W, V::load(row + static_cast<ptrdiff_t>(ix + j * p.sw) * W));
        for (int j = end; j < count; ++j) V::store(out + j * W, V::zero());
      }
    }
  }
}

template <class I>
void conv_span(ConvTask& t, const ConvSpan& s) {
  using V = typename I::V;
  constexpr int W = V::width;
  const ConvParams& p = *t.p;
  const ConvPass& pass = *t.pass;
  const bool first = s.ic_begin == 0, last = s.ic_end == p.ic_blocks;
  const int ix = s.ox * p.sw - pass.pl;
  const bool inside = p.sw == 1 && ix >= 0 && ix + s.pixels - 1 + (pass.kw - 1) * p.dw < p.iw;
  TileArgs a;
  if (inside) {
    const int iy = s.oy * p.sh - pass.pt + s.kh_begin * p.dh;
    a.src = t.src + s.ic_begin * p.src_block + (static_cast<ptrdiff_t>(iy) * p.iw + ix) * W;
    a.taps = t.taps;
    a.src_block = p.src_block;
    a.src_row = static_cast<ptrdiff_t>(p.dh) * p.iw * W;
  } else {
    fill_panel<V>(t, s);
    a.src = t.panel;
    a.taps = t.panel_taps;
    a.src_row = static_cast<ptrdiff_t>(p.panel_phases) * p.panel_pixels * W;
    a.src_block = (s.kh_end - s.kh_begin) * a.src_row;
  }
  a.ic_blocks = s.ic_end - s.ic_begin;
  a.kh = s.kh_end - s.kh_begin;
  a.kw = pass.kw;
  a.quads = W / 4;
  a.last_quads = last ? p.last_quads : W / 4;
  a.dst_pixel = p.dst_pixel;
  a.dst_block = p.dst_block;
  const EpilogueParams& e = p.epilogue;
  const bool simple = last && e.simple;
  a.clamp = simple && (e.lo > -__builtin_inff() || e.hi < __builtin_inff());
  a.lo = e.lo;
  a.hi = e.hi;
  const ptrdiff_t pixel = s.oy * p.dst_row + s.ox * p.dst_pixel;
  const ptrdiff_t tap = W * W;  // floats of one tap, ic block and oc block
  for (int oc = t.oc_begin; oc < t.oc_end; oc += p.blocks) {
    const int blocks = least(p.blocks, t.oc_end - oc);
    const ptrdiff_t kernel = static_cast<ptrdiff_t>(pass.kh) * pass.kw * tap;
    a.weights = static_cast<const typename I::Weight*>(t.weights) + oc * p.ic_blocks * kernel +
                (s.ic_begin * kernel + s.kh_begin * pass.kw * tap) * blocks;
    a.weights_skip = (pass.kh - a.kh) * pass.kw * tap * blocks;
    a.bias = first ? t.bias + oc * W : nullptr;
    const ptrdiff_t place = pixel + oc * p.dst_block;
    a.dst = t.dst + place;
    a.other = simple && t.other != nullptr ? t.other + place : nullptr;
    t.ahead.give(a, ((a.ic_blocks - 1) * a.quads + a.last_quads) * a.kh * a.kw);
    I::tile(s.pixels, blocks)(a);
    if (last && !e.simple) {
      for (int b = 0; b < blocks; ++b) {
        const bool tail = e.tail > 0 && oc + b + 1 == p.oc_blocks;
        epilogue_row<V>(e, a.dst + b * p.dst_block, t.other == nullptr ? nullptr : t.other + place + b * p.dst_block,
                        s.pixels, p.dst_pixel, tail ? e.tail : W);
      }
    }
  }
}

template <class I>
void conv_rows(ConvTask& t, int row_begin, int row_end, int col_begin, int col_end) {
  const ConvParams& p = *t.p;
  const ConvPass& pass = *t.pass;
  const int tiles = (col_end - col_begin + p.pixels - 1) / p.pixels;
  for (int ic = 0; ic < p.ic_blocks; ic += p.ic_chunk) {
    ConvSpan s;
    s.ic_begin = ic;
    s.ic_end = least(p.ic_blocks, ic + p.ic_chunk);
    for (s.oy = row_begin; s.oy < row_end; ++s.oy) {
      const int iy = s.oy * p.sh - pass.pt;
      s.kh_begin = least(pass.kh, most(0, ceil_div(-iy, p.dh)));
      s.kh_end = least(pass.kh, most(s.kh_begin, ceil_div(p.ih - iy, p.dh)));
      s.ox = col_begin;
      for (int tile = 0; tile < tiles; ++tile) {
        s.pixels = (col_end - s.ox + tiles - tile - 1) / (tiles - tile);
        conv_span<I>(t, s);
        s.ox += s.pixels;
      }
    }
  }
}

template <class I>
void conv_task(const StepArgs& args, TaskId id) {
  constexpr int W = I::V::width;
  const ConvParams& p = *static_cast<const ConvParams*>(args.params);
  int index = id.index;
  const int col = index % p.col_blocks;
  index /= p.col_blocks;
  const int row = index % p.row_blocks;
  index /= p.row_blocks;
  const int chunk = index % p.oc_chunks;
  index /= p.oc_chunks;
  const int pass_number = index % p.passes;
  index /= p.passes;
  const int group = index % p.groups;

  ConvTask t;
  t.p = &p;
  t.pass = &p.pass[pass_number];
  const float* packed = reinterpret_cast<const float*>(args.weights);
  t.bias = packed + static_cast<ptrdiff_t>(group) * p.oc_blocks * W;
  t.weights =
      reinterpret_cast<const typename I::Weight*>(packed + p.weights) + group * p.group_weights + t.pass->weights;
  t.src = static_cast<const float*>(args.src[p.src]) + static_cast<ptrdiff_t>(index) * p.ic_blocks * p.src_block;
  const ptrdiff_t out = static_cast<ptrdiff_t>(index) * p.oc_blocks * p.dst_block + t.pass->dst;
  t.dst = static_cast<float*>(args.dst) + out;
  t.other = p.epilogue.other < 0 ? nullptr : static_cast<const float*>(args.src[p.epilogue.other]) + out;
  t.panel = reinterpret_cast<float*>(args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride);
  t.ahead = later_steps(args, id.index);
  t.oc_begin = chunk * p.oc_chunk;
  t.oc_end = least(p.oc_blocks, t.oc_begin + p.oc_chunk);
  for (int kw = 0; kw < t.pass->kw; ++kw) {
    t.taps[kw] = static_cast<ptrdiff_t>(kw) * p.dw * W;
    t.panel_taps[kw] = (static_cast<ptrdiff_t>(kw * p.dw % p.sw) * p.panel_pixels + kw * p.dw / p.sw) * W;
  }
  conv_rows<I>(t, row * p.row_block, least(t.pass->oh, (row + 1) * p.row_block), col * p.col_block,
               least(t.pass->ow, (col + 1) * p.col_block));
}

}  // namespace
}  // namespace stretto::kernels
