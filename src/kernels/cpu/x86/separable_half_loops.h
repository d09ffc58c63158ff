// The loops of expand → depthwise → project in f16. The depthwise results of all channels are kept until the projection
// takes them at once, so that its sums need no place but a tile's.
#pragma once

#include "kernels/cpu/x86/half_product_loops.h"
#include "kernels/cpu/x86/separable_loops.h"

namespace stretto::kernels {
namespace {

/// Memory of a task's products, behind the values in worker scratch.
struct SeparableProducts {
  float* sums;
  uint16_t* chunk;
  HalfUnit *expand, *project;  // units
};

template <class V>
SeparableProducts open_products(const SeparableTask<V>& t) {
  const SeparableParams& p = *t.p;
  SeparableProducts s;
  s.sums = reinterpret_cast<float*>(t.expanded + p.product_scratch);
  s.chunk = reinterpret_cast<uint16_t*>(s.sums + kHalfTileSums);
  s.expand = reinterpret_cast<HalfUnit*>(s.chunk + kHalfTileSums);
  s.project = s.expand;
  if (p.expand.exists) {
    list_blocks(p.expand.ic_blocks, p.expand.last_quads, static_cast<ptrdiff_t>(p.image_h) * p.image_w * V::width,
                s.expand);
    s.project += p.expand.ic_blocks + kUnitsAhead;
  }
  const ptrdiff_t pixels = static_cast<ptrdiff_t>(t.row_end - t.row_begin) * p.window.ow;
  if (p.project.exists) list_blocks(p.project.ic_blocks, p.project.last_quads, pixels * V::width, s.project);
  return s;
}

inline HalfProduct product_of(const PointwiseParams& q, const float* packed, const SeparableProducts& s) {
  HalfProduct product;
  product.count = q.ic_blocks;
  product.weights = reinterpret_cast<const uint16_t*>(packed + q.weights);
  product.block_weights = static_cast<ptrdiff_t>(q.ic_blocks) * kUnitWeights;
  product.bias = packed + q.bias;
  product.dst_pixel = 32;
  product.oc_blocks = q.oc_blocks;
  product.blocks = q.blocks;
  product.epilogue = &q.epilogue;
  product.chunk = s.chunk;
  product.sums = s.sums;
  return product;
}

/// `pixels` pixels from where `product` points, in tiles.
template <class I>
void half_pixels(HalfProduct product, int tile_pixels, int pixels) {
  const int tiles = (pixels + tile_pixels - 1) / tile_pixels;
  for (int tile = 0, x = 0; tile < tiles; ++tile, x += product.pixels) {
    product.pixels = (pixels - x + tiles - tile - 1) / (tiles - tile);
    half_product<I>(product);
    product.src += product.pixels * I::V::width;
    product.dst += product.pixels * I::V::width;
    if (product.other != nullptr) product.other += product.pixels * I::V::width;
  }
}

/// The rows that the task reads of the group's blocks, into scratch.
template <class I>
void expand_half(const SeparableTask<typename I::V>& t, const SeparableProducts& s, int begin, int end) {
  constexpr int W = I::V::width;
  const SeparableParams& p = *t.p;
  const PointwiseParams& q = p.expand;
  HalfProduct product = product_of(q, t.packed, s);
  product.units = s.expand;
  product.weights += begin * product.block_weights;
  product.bias += begin * W;
  product.dst_block = static_cast<ptrdiff_t>(p.rows) * p.window.iw * W;
  product.oc_blocks = end - begin;
  product.last_lanes = q.epilogue.tail > 0 && end == q.oc_blocks ? q.epilogue.tail : W;
  for (int iy = t.iy_begin; iy < t.iy_end; ++iy) {
    product.src = t.src + static_cast<ptrdiff_t>(iy) * p.image_w * W;
    product.dst = t.expanded + (static_cast<ptrdiff_t>(iy - t.iy_begin) * p.window.iw + p.pad_left) * W;
    half_pixels<I>(product, q.pixels, p.image_w);
  }
}

/// The task's rows of every output channel.
template <class I>
void project_half(const SeparableTask<typename I::V>& t, const SeparableProducts& s) {
  constexpr int W = I::V::width;
  const SeparableParams& p = *t.p;
  const PointwiseParams& q = p.project;
  HalfProduct product = product_of(q, t.packed, s);
  product.units = s.project;
  product.src = t.depthwise;
  const ptrdiff_t place = static_cast<ptrdiff_t>(t.row_begin) * p.window.ow * W;
  product.dst = t.dst + place;
  product.other = t.other == nullptr ? nullptr : t.other + place;
  product.dst_block = static_cast<ptrdiff_t>(p.window.oh) * p.window.ow * W;
  product.last_lanes = q.epilogue.tail > 0 ? q.epilogue.tail : W;
  half_pixels<I>(product, q.pixels, (t.row_end - t.row_begin) * p.window.ow);
}

template <class I>
void separable_half_task(const StepArgs& args, TaskId id) {
  using V = typename I::V;
  const SeparableTask<V> t = open_separable<V>(args, id);
  const SeparableParams& p = *t.p;
  const SeparableProducts s = open_products<V>(t);
  for (int begin = t.begin; begin < t.end; begin += p.group) {
    const int stop = begin + p.group < t.end ? begin + p.group : t.end;
    if (p.expand.exists) expand_half<I>(t, s, begin, stop);
    depthwise_group<V>(t, begin, stop, 0);
  }
  if (p.project.exists) project_half<I>(t, s);
}

}  // namespace
}  // namespace stretto::kernels
