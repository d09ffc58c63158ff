// The loops of expand → depthwise → project. I names one instruction set, as in conv_loops.h.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/conv_tile_params.h"
#include "kernels/cpu/x86/depthwise_loops.h"
#include "kernels/cpu/x86/separable_params.h"

namespace stretto::kernels {
namespace {

template <class V>
struct SeparableTask {
  using Element = typename V::Element;
  const SeparableParams* p;
  const float* packed;
  const Element* src;    // of the image
  const Element* other;  // as dst; null if there is none
  Element* dst;          // of the image
  Element* expanded;     // scratch: [block of the group][row][column][width]
  Element* depthwise;    // scratch: [block of the group, or in f16 of all][row × column][width]
  int row_begin, row_end;
  int iy_begin, iy_end;  // rows of the image that they read
  int begin, end;        // channel blocks of the task
};

/// One row of pixels through a 1×1 convolution: all blocks from oc_begin to oc_end. The caller has set what tiles
/// share.
template <class I>
void pointwise_row(const PointwiseParams& p, TileArgs a, const float* weights, const float* bias, float* dst,
                   const float* other, int oc_begin, int oc_end, int pixels) {
  constexpr int W = I::V::width;
  const float* src = a.src;
  const int tiles = (pixels + p.pixels - 1) / p.pixels;
  for (int tile = 0, x = 0; tile < tiles; ++tile) {
    const int count = (pixels - x + tiles - tile - 1) / (tiles - tile);
    a.src = src + x * W;
    for (int oc = oc_begin; oc < oc_end; oc += p.blocks) {
      const int blocks = p.blocks < oc_end - oc ? p.blocks : oc_end - oc;
      a.weights = weights + static_cast<ptrdiff_t>(oc - oc_begin) * p.ic_blocks * W * W;
      a.bias = bias == nullptr ? nullptr : bias + oc * W;
      const ptrdiff_t place = (oc - oc_begin) * a.dst_block + x * W;
      a.dst = dst + place;
      a.other = other == nullptr ? nullptr : other + place;
      I::tile(count, blocks)(a);
    }
    x += count;
  }
}

inline void set_clamp(TileArgs& a, const EpilogueParams& e, bool last) {
  a.clamp = last && e.simple && (e.lo > -__builtin_inff() || e.hi < __builtin_inff());
  a.lo = e.lo;
  a.hi = e.hi;
}

/// Rows iy_begin…iy_end of the group's blocks, into scratch.
template <class I>
void expand_group(const SeparableTask<typename I::V>& t, int begin, int end) {
  using V = typename I::V;
  constexpr int W = V::width;
  const SeparableParams& p = *t.p;
  const PointwiseParams& e = p.expand;
  const ptrdiff_t zero_tap = 0;
  TileArgs a;
  a.taps = &zero_tap;
  a.kh = a.kw = 1;
  a.ic_blocks = e.ic_blocks;
  a.quads = W / 4;
  a.last_quads = e.last_quads;
  a.src_block = static_cast<ptrdiff_t>(p.image_h) * p.image_w * W;
  a.dst_pixel = W;
  a.dst_block = static_cast<ptrdiff_t>(p.rows) * p.window.iw * W;
  set_clamp(a, e.epilogue, true);
  const float* weights = t.packed + e.weights + static_cast<ptrdiff_t>(begin) * e.ic_blocks * W * W;
  for (int iy = t.iy_begin; iy < t.iy_end; ++iy) {
    a.src = t.src + static_cast<ptrdiff_t>(iy) * p.image_w * W;
    float* dst = t.expanded + (static_cast<ptrdiff_t>(iy - t.iy_begin) * p.window.iw + p.pad_left) * W;
    pointwise_row<I>(e, a, weights, t.packed + e.bias, dst, nullptr, begin, end, p.image_w);
    if (e.epilogue.simple) continue;
    for (int b = begin; b < end; ++b) {
      const bool tail = e.epilogue.tail > 0 && b + 1 == e.oc_blocks;
      epilogue_row<V>(e.epilogue, dst + (b - begin) * a.dst_block, nullptr, p.image_w, W, tail ? e.epilogue.tail : W);
    }
  }
}

/// The rows of the task of the group's blocks: from scratch or src, to scratch (which begins with block `kept`) or dst.
template <class V>
void depthwise_group(const SeparableTask<V>& t, int begin, int end, int kept) {
  using Element = typename V::Element;
  constexpr int W = V::width;
  const SeparableParams& p = *t.p;
  const WindowParams& w = p.window;
  const EpilogueParams& e = p.epilogue;
  const bool from_scratch = p.expand.exists != 0, to_scratch = p.project.exists != 0;
  const ptrdiff_t src_rows = from_scratch ? p.rows : p.image_h;
  DepthwiseRow<V> row = {};
  row.p = &w;
  row.lo = e.simple ? e.lo : -__builtin_inff();
  row.hi = e.simple ? e.hi : __builtin_inff();
  for (int b = begin; b < end; ++b) {
    const ptrdiff_t src_block = src_rows * w.iw * W;
    const Element* src = from_scratch ? t.expanded + (b - begin) * src_block : t.src + b * src_block;
    const ptrdiff_t out_rows = to_scratch ? t.row_end - t.row_begin : w.oh;
    Element* dst =
        to_scratch ? t.depthwise + (b - kept) * out_rows * w.ow * W : t.dst + (b * out_rows + t.row_begin) * w.ow * W;
    row.bias = reinterpret_cast<const Element*>(t.packed + p.bias) + b * W;
    const Element* weights =
        reinterpret_cast<const Element*>(t.packed + p.weights) + static_cast<ptrdiff_t>(b) * w.kh * w.kw * W;
    for (int oy = t.row_begin; oy < t.row_end; ++oy, dst += w.ow * W) {
      const int iy = oy * w.sh - w.pt;
      const Range kh = window_range(iy, p.image_h, w.kh, w.dh);
      row.kh = kh.end - kh.begin;
      row.weights = weights + kh.begin * w.kw * W;
      row.src =
          src + ((static_cast<ptrdiff_t>(iy) + kh.begin * w.dh - (from_scratch ? t.iy_begin : 0)) * w.iw - w.pl) * W;
      row.dst = dst;
      depthwise_row<V>(row);
      if (e.simple) continue;
      const bool tail = e.tail > 0 && b + 1 == w.channel_blocks;
      epilogue_row<typename V::Wide>(e, dst, nullptr, w.ow, W, tail ? e.tail : W);
    }
  }
}

/// Adds the group's part of every output channel; the first group begins with the bias, the last one ends it.
template <class I>
void project_group(const SeparableTask<typename I::V>& t, int begin, int end) {
  using V = typename I::V;
  constexpr int W = V::width;
  const SeparableParams& p = *t.p;
  const PointwiseParams& q = p.project;
  const int pixels = (t.row_end - t.row_begin) * p.window.ow;
  const bool last = end == q.ic_blocks;
  const ptrdiff_t zero_tap = 0;
  TileArgs a;
  a.taps = &zero_tap;
  a.kh = a.kw = 1;
  a.ic_blocks = end - begin;
  a.quads = W / 4;
  a.last_quads = last ? q.last_quads : W / 4;
  a.src_block = static_cast<ptrdiff_t>(pixels) * W;
  a.dst_pixel = W;
  a.dst_block = static_cast<ptrdiff_t>(p.window.oh) * p.window.ow * W;
  set_clamp(a, q.epilogue, last);
  const ptrdiff_t place = static_cast<ptrdiff_t>(t.row_begin) * p.window.ow * W;
  const bool adds = last && q.epilogue.simple && t.other != nullptr;
  const int tiles = (pixels + q.pixels - 1) / q.pixels;
  for (int tile = 0, x = 0; tile < tiles; ++tile) {
    const int count = (pixels - x + tiles - tile - 1) / (tiles - tile);
    a.src = t.depthwise + static_cast<ptrdiff_t>(x) * W;
    for (int oc = 0; oc < q.oc_blocks; oc += q.blocks) {
      const int blocks = q.blocks < q.oc_blocks - oc ? q.blocks : q.oc_blocks - oc;
      a.weights = t.packed + q.weights + (static_cast<ptrdiff_t>(oc) * q.ic_blocks + begin * blocks) * W * W;
      a.bias = begin == 0 ? t.packed + q.bias + oc * W : nullptr;
      const ptrdiff_t at = place + oc * a.dst_block + static_cast<ptrdiff_t>(x) * W;
      a.dst = t.dst + at;
      a.other = adds ? t.other + at : nullptr;
      I::tile(count, blocks)(a);
      if (!last || q.epilogue.simple) continue;
      for (int b = 0; b < blocks; ++b) {
        const bool tail = q.epilogue.tail > 0 && oc + b + 1 == q.oc_blocks;
        epilogue_row<V>(q.epilogue, a.dst + b * a.dst_block,
                        t.other == nullptr ? nullptr : t.other + at + b * a.dst_block, count, W,
                        tail ? q.epilogue.tail : W);
      }
    }
    x += count;
  }
}

/// Zero columns around the scratch rows; nobody writes them later.
template <class V>
void clear_sides(const SeparableTask<V>& t) {
  constexpr int W = V::width;
  const SeparableParams& p = *t.p;
  for (int row = 0; row < p.rows * p.group; ++row) {
    typename V::Element* out = t.expanded + static_cast<ptrdiff_t>(row) * p.window.iw * W;
    for (int x = 0; x < p.pad_left; ++x) V::store(out + x * W, V::zero());
    for (int x = p.pad_left + p.image_w; x < p.window.iw; ++x) V::store(out + x * W, V::zero());
  }
}

/// The task's place, and zeros at the sides of its scratch.
template <class V>
SeparableTask<V> open_separable(const StepArgs& args, TaskId id) {
  using Element = typename V::Element;
  constexpr int W = V::width;
  const SeparableParams& p = *static_cast<const SeparableParams*>(args.params);
  const WindowParams& w = p.window;
  int index = id.index;
  const int strip = index % w.row_blocks;
  index /= w.row_blocks;
  const int chunk = index % p.chunks;
  index /= p.chunks;

  SeparableTask<V> t;
  t.p = &p;
  t.packed = reinterpret_cast<const float*>(args.weights);
  const int in_blocks = p.expand.exists ? p.expand.ic_blocks : w.channel_blocks;
  const int out_blocks = p.project.exists ? p.project.oc_blocks : w.channel_blocks;
  t.src = static_cast<const Element*>(args.src[p.src]) +
          static_cast<ptrdiff_t>(index) * in_blocks * p.image_h * p.image_w * W;
  const ptrdiff_t out = static_cast<ptrdiff_t>(index) * out_blocks * w.oh * w.ow * W;
  t.dst = static_cast<Element*>(args.dst) + out;
  const int other = p.project.epilogue.other;
  t.other = other < 0 ? nullptr : static_cast<const Element*>(args.src[other]) + out;
  t.expanded = reinterpret_cast<Element*>(args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride);
  t.depthwise = t.expanded + p.depthwise_scratch;
  t.row_begin = strip * w.row_block;
  t.row_end = t.row_begin + w.row_block < w.oh ? t.row_begin + w.row_block : w.oh;

  const int iy_begin = t.row_begin * w.sh - w.pt;
  const int iy_end = (t.row_end - 1) * w.sh - w.pt + (w.kh - 1) * w.dh + 1;
  t.iy_begin = iy_begin < 0 ? 0 : iy_begin;
  t.iy_end = iy_end < p.image_h ? iy_end : p.image_h;
  if (p.expand.exists) clear_sides<V>(t);
  t.begin = chunk * p.chunk;
  t.end = t.begin + p.chunk < w.channel_blocks ? t.begin + p.chunk : w.channel_blocks;
  return t;
}

template <class I>
void separable_task(const StepArgs& args, TaskId id) {
  using V = typename I::V;
  const SeparableTask<V> t = open_separable<V>(args, id);
  const SeparableParams& p = *t.p;
  for (int begin = t.begin; begin < t.end; begin += p.group) {
    const int stop = begin + p.group < t.end ? begin + p.group : t.end;
    if (p.expand.exists) expand_group<I>(t, begin, stop);
    depthwise_group<V>(t, begin, stop, begin);
    if (p.project.exists) project_group<I>(t, begin, stop);
  }
}

}  // namespace
}  // namespace stretto::kernels
