// The loops of a blocked convolution around the register tile. I names one instruction set: I::V its vector,
// I::tile(pixels, blocks) its register tiles.
//
// A task owns some output channels and some rows. Input channels are taken in chunks so that a tile's input stays in
// level 1 and the task's weights of the chunk in level 2; between chunks the sums rest in dst.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/ahead_loops.h"
#include "kernels/cpu/x86/conv_panel_loops.h"
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
  Ahead next_weights, later;      // fetched meanwhile: this step's next chunk, then what later steps read
  int oc_begin, oc_end, next_oc;  // next_oc: where the worker's next task is likely to begin
  ptrdiff_t taps[kMaxConvKernel], panel_taps[kMaxConvKernel];
};

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
    fill_panel<V>(p, pass, t.src, t.panel, s);
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
    Ahead& ahead = t.next_weights.at < t.next_weights.end ? t.next_weights : t.later;
    ahead.give(a, ((a.ic_blocks - 1) * a.quads + a.last_quads) * a.kh * a.kw);
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

/// The weights that are read after the chunk of input channels that ends at `ic`: of the same outputs, or, behind the
/// last chunk, of the worker's next task. Nothing where a task has several groups of outputs: it streams them all.
template <class I>
Ahead weights_after(const ConvTask& t, int ic) {
  constexpr int W = I::V::width;
  const ConvParams& p = *t.p;
  if (t.oc_end - t.oc_begin > p.blocks) return {};
  int oc = t.oc_begin;
  if (ic == p.ic_blocks) {
    oc = t.next_oc;
    ic = 0;
  }
  if (oc >= p.oc_blocks) return {};
  const ptrdiff_t block = static_cast<ptrdiff_t>(t.pass->kh) * t.pass->kw * W * W;  // of one ic and one oc block
  const int blocks = least(p.blocks, p.oc_blocks - oc);
  const auto* begin = static_cast<const typename I::Weight*>(t.weights) + (oc * p.ic_blocks + ic * blocks) * block;
  const auto* end = begin + least(p.ic_chunk, p.ic_blocks - ic) * blocks * block;
  return {reinterpret_cast<const char*>(begin), reinterpret_cast<const char*>(end)};
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
    t.next_weights = weights_after<I>(t, s.ic_end);
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

/// One task of the convolution `p` of what lies at `src`.
template <class I>
void conv_task_of(const StepArgs& args, const ConvParams& p, const float* src, TaskId id) {
  constexpr int W = I::V::width;
  const ConvTaskIndex index = conv_task_index(p, id.index);
  ConvTask t;
  t.p = &p;
  t.pass = &p.pass[index.pass];
  const float* packed = reinterpret_cast<const float*>(args.weights);
  t.bias = packed + static_cast<ptrdiff_t>(index.group) * p.oc_blocks * W;
  t.weights =
      reinterpret_cast<const typename I::Weight*>(packed + p.weights) + index.group * p.group_weights + t.pass->weights;
  t.src = src + static_cast<ptrdiff_t>(index.image) * p.ic_blocks * p.src_block;
  const ptrdiff_t out = static_cast<ptrdiff_t>(index.image) * p.oc_blocks * p.dst_block + t.pass->dst;
  t.dst = static_cast<float*>(args.dst) + out;
  t.other = p.epilogue.other < 0 ? nullptr : static_cast<const float*>(args.src[p.epilogue.other]) + out;
  t.panel = reinterpret_cast<float*>(args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride);
  t.later = later_steps(args, id.index);
  t.oc_begin = index.chunk * p.oc_chunk;
  t.oc_end = least(p.oc_blocks, t.oc_begin + p.oc_chunk);
  const int next_chunk = conv_task_index(p, id.index + args.workers).chunk;
  t.next_oc = next_chunk > index.chunk ? next_chunk * p.oc_chunk : p.oc_blocks;
  set_taps<W>(p, *t.pass, t.taps, t.panel_taps);
  conv_rows<I>(t, index.row * p.row_block, least(t.pass->oh, (index.row + 1) * p.row_block), index.col * p.col_block,
               least(t.pass->ow, (index.col + 1) * p.col_block));
}

template <class I>
void conv_task(const StepArgs& args, TaskId id) {
  const ConvParams& p = *static_cast<const ConvParams*>(args.params);
  conv_task_of<I>(args, p, static_cast<const float*>(args.src[p.src]), id);
}

}  // namespace
}  // namespace stretto::kernels
