// Winograd convolution: transform, multiply, transform back for one block of tiles and one chunk of output channels, so
// that what lies between stays in level 2. I names one instruction set: I::V its vector, I::tile(pixels, blocks) its
// register tiles, I::Weight the type of weights; where I::raw holds, weights are stored as the network has them and
// transformed by each task that uses them: more work, but a quarter of the bytes or less.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/ahead_loops.h"
#include "kernels/cpu/x86/conv_tile_params.h"
#include "kernels/cpu/x86/winograd_tile_loops.h"

namespace stretto::kernels {
namespace {

/// One task: tiles first … first + tiles of an image, oc blocks oc_begin … oc_end.
template <class I, class S>
struct WinogradTask {
  using V = typename I::V;
  using Weight = typename I::Weight;
  static constexpr int W = V::width, positions = S::points * S::points;

  const WinogradParams& p;
  const float* src;
  float* dst;
  const float* other;  // laid out as dst; may be null
  const float* bias;
  const Weight* weights;
  float* scratch;
  int first, tiles, oc_begin, oc_end;
  Ahead later;  // of other steps

  ptrdiff_t row() const { return static_cast<ptrdiff_t>(p.tile_block) * W; }  // a position of one channel block

  void transform_input(int ic_begin, int ic_end) const {
    const ptrdiff_t area = static_cast<ptrdiff_t>(p.ih) * p.iw * W;
    for (int ic = ic_begin; ic < ic_end; ++ic) {
      for (int t = 0; t < tiles; ++t) {
        winograd_input<V, S>(p, src + ic * area, (first + t) / p.tiles_w, (first + t) % p.tiles_w,
                             scratch + (ic - ic_begin) * row() + t * W, p.input_position);
      }
    }
  }

  /// Row `y` of positions, of the weights of one group of oc blocks and a chunk of ic blocks.
  void transform_weights(int y, int oc, int blocks, int ic_begin, int ic_end) const {
    winograd_weights<V, S>(y, raw_weights(oc, blocks, ic_begin), (ic_end - ic_begin) * W * blocks, scratch + p.raw,
                           p.weight_position);
  }

  const Weight* raw_weights(int oc, int blocks, int ic_begin) const {
    return weights + (static_cast<ptrdiff_t>(oc) * p.ic_blocks + ic_begin * blocks) * W * W * 9;
  }

  /// Raw weights of the group and chunk that come next.
  Ahead ahead_of(int oc, int ic_begin) const {
    int next = oc + p.blocks, ic = ic_begin;
    if (next >= oc_end) {
      next = oc_begin;
      ic += p.ic_chunk;
    }
    if (ic >= p.ic_blocks || !I::raw) return {};
    const int blocks = oc_end - next < p.blocks ? oc_end - next : p.blocks;
    const int ic_end = ic + p.ic_chunk < p.ic_blocks ? ic + p.ic_chunk : p.ic_blocks;
    return {reinterpret_cast<const char*>(raw_weights(next, blocks, ic)),
            reinterpret_cast<const char*>(raw_weights(next, blocks, ic_end))};
  }

  /// Products of one group of oc blocks with a chunk of ic blocks, added to those of the chunks before.
  void multiply(int oc, int blocks, int ic_begin, int ic_end, float* products) {
    alignas(64) static const float zeros[kMaxWinogradBlocks * 16] = {};
    static const ptrdiff_t no_taps[1] = {0};
    TileArgs a;
    a.taps = no_taps;
    a.bias = ic_begin == 0 ? zeros : nullptr;
    a.src_block = row();
    a.dst_pixel = W;
    a.dst_block = row();
    a.ic_blocks = ic_end - ic_begin;
    a.kh = a.kw = 1;
    a.quads = W / 4;
    a.last_quads = ic_end == p.ic_blocks ? p.last_quads : W / 4;
    const Weight* group = weights + static_cast<ptrdiff_t>(oc) * positions * p.ic_blocks * W * W;
    const ptrdiff_t tap = static_cast<ptrdiff_t>(blocks) * W * W;  // weights of one position and ic block
    Ahead ahead = ahead_of(oc, ic_begin);
    const int quads = (a.ic_blocks - 1) * a.quads + a.last_quads;
    const int strips = (tiles + p.pixels - 1) / p.pixels;
    for (int position = 0; position < positions; ++position) {
      if constexpr (I::raw) {
        const int x = position % S::points;
        if (x == 0) transform_weights(position / S::points, oc, blocks, ic_begin, ic_end);
        a.weights = scratch + p.raw + x * p.weight_position;
      } else {
        a.weights = group + (static_cast<ptrdiff_t>(ic_begin) * positions + position * a.ic_blocks) * tap;
      }
      int t = 0;
      for (int s = 0; s < strips; ++s) {
        const int pixels = (tiles - t + strips - s - 1) / (strips - s);
        a.src = scratch + position * p.input_position + t * W;
        a.dst = products + position * p.product_position + t * W;
        (ahead.at < ahead.end ? ahead : later).give(a, quads);
        I::tile(pixels, blocks)(a);
        t += pixels;
      }
    }
  }

  void transform_output(int oc, int blocks, const float* products) const {
    const ptrdiff_t area = static_cast<ptrdiff_t>(p.oh) * p.ow * W;
    for (int b = 0; b < blocks; ++b) {
      const bool tail = p.epilogue.tail > 0 && oc + b + 1 == p.oc_blocks;
      for (int t = 0; t < tiles; ++t) {
        winograd_output<V, S>(p, products + b * row() + t * W, p.product_position, bias + (oc + b) * W,
                              other == nullptr ? nullptr : other + (oc + b) * area, dst + (oc + b) * area,
                              (first + t) / p.tiles_w, (first + t) % p.tiles_w, tail ? p.epilogue.tail : W);
      }
    }
  }

  void run() {
    for (int ic = 0; ic < p.ic_blocks; ic += p.ic_chunk) {
      const int ic_end = ic + p.ic_chunk < p.ic_blocks ? ic + p.ic_chunk : p.ic_blocks;
      transform_input(ic, ic_end);
      float* products = scratch + p.products;
      for (int oc = oc_begin; oc < oc_end; oc += p.blocks, products += p.group_products) {
        const int blocks = oc_end - oc < p.blocks ? oc_end - oc : p.blocks;
        multiply(oc, blocks, ic, ic_end, products);
        if (ic_end == p.ic_blocks) transform_output(oc, blocks, products);
      }
    }
  }
};

template <class I, class S>
void winograd_task_of(const StepArgs& args, TaskId id) {
  constexpr int W = I::V::width;
  const WinogradParams& p = *static_cast<const WinogradParams*>(args.params);
  const int chunk = id.index % p.oc_chunks;
  const int first = id.index / p.oc_chunks % p.tile_blocks * p.tile_block;
  const ptrdiff_t image = id.index / p.oc_chunks / p.tile_blocks;
  const ptrdiff_t in = image * p.ic_blocks * p.ih * p.iw * W, out = image * p.oc_blocks * p.oh * p.ow * W;
  const float* bias = reinterpret_cast<const float*>(args.weights);
  const int oc_begin = chunk * p.oc_chunk;
  WinogradTask<I, S>{
      p,
      static_cast<const float*>(args.src[p.src]) + in,
      static_cast<float*>(args.dst) + out,
      p.epilogue.other < 0 ? nullptr : static_cast<const float*>(args.src[p.epilogue.other]) + out,
      bias,
      reinterpret_cast<const typename I::Weight*>(bias + p.weights),
      reinterpret_cast<float*>(args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride),
      first,
      p.tiles - first < p.tile_block ? p.tiles - first : p.tile_block,
      oc_begin,
      oc_begin + p.oc_chunk < p.oc_blocks ? oc_begin + p.oc_chunk : p.oc_blocks,
      later_steps(args, id.index),
  }
      .run();
}

template <class I>
void winograd_task(const StepArgs& args, TaskId id) {
  const WinogradParams& p = *static_cast<const WinogradParams*>(args.params);
  if (p.stride == 2 && p.size == 2) return winograd_task_of<I, WinogradScheme<2, 2>>(args, id);
  if (p.stride == 2 && p.size == 4) return winograd_task_of<I, WinogradScheme<4, 2>>(args, id);
  if (p.size == 2) return winograd_task_of<I, WinogradScheme<2, 1>>(args, id);
  if (p.size == 4) return winograd_task_of<I, WinogradScheme<4, 1>>(args, id);
  winograd_task_of<I, WinogradScheme<6, 1>>(args, id);
}

}  // namespace
}  // namespace stretto::kernels
