// Winograd convolution, transform – multiply – transform for one block of tiles, so that what lies between stays in
// level 2. I names one instruction set: I::V its vector, I::tile(pixels, blocks) its register tiles.
//
// Worker scratch: the transformed input [position][ic block][tile][width], then the products of one register tile's
// blocks [position][block][tile][width].
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/conv_tile_params.h"
#include "kernels/cpu/x86/unary_loops.h"
#include "kernels/cpu/x86/winograd_params.h"
#include "kernels/cpu/x86/winograd_transforms.h"

namespace stretto::kernels {
namespace {

/// Transforms one tile of one ic block; what lies outside the image is zero.
template <class V, class S>
void winograd_input(const WinogradParams& p, const typename V::Element* src, int ty, int tx, typename V::Element* dst,
                    ptrdiff_t position) {
  using T = typename V::T;
  constexpr int n = S::points, W = V::width;
  const int y0 = ty * S::step - p.pt, x0 = tx * S::step - p.pl;
  T rows[n * n], columns[n];
  for (int x = 0; x < n; ++x) {
    T column[n];
    const bool inside = x0 + x >= 0 && x0 + x < p.iw;
#pragma GCC unroll 9
    for (int y = 0; y < n; ++y) {
      const bool there = inside && y0 + y >= 0 && y0 + y < p.ih;
      column[y] = there ? V::load(src + (static_cast<ptrdiff_t>(y0 + y) * p.iw + x0 + x) * W) : V::zero();
    }
    WinogradTransform<V, S>::input(column, 1, rows + x, n);
  }
  for (int y = 0; y < n; ++y) {
    WinogradTransform<V, S>::input(rows + y * n, 1, columns, 1);
#pragma GCC unroll 9
    for (int x = 0; x < n; ++x) V::store(dst + (y * n + x) * position, columns[x]);
  }
}

/// Transforms the products of one tile and one oc block back and stores what lies inside the image.
template <class V, class S>
void winograd_output(const WinogradParams& p, const float* products, ptrdiff_t position, const float* bias,
                     const typename V::Element* other, typename V::Element* dst, int ty, int tx, int lanes) {
  using T = typename V::T;
  constexpr int m = S::outputs, n = S::points, W = V::width;
  const EpilogueParams& e = p.epilogue;
  const T start = V::load(bias), lo = V::set(e.lo), hi = V::set(e.hi);
  T rows[m * n], line[m];
  for (int x = 0; x < n; ++x) {
    T column[n];
#pragma GCC unroll 9
    for (int y = 0; y < n; ++y) column[y] = V::load(products + (y * n + x) * position);
    WinogradTransform<V, S>::output(column, 1, rows + x, n);
  }
  const int height = p.oh - ty * m < m ? p.oh - ty * m : m;
  const int width = p.ow - tx * m < m ? p.ow - tx * m : m;
  for (int y = 0; y < height; ++y) {
    WinogradTransform<V, S>::output(rows + y * n, 1, line, 1);
    const ptrdiff_t at = (static_cast<ptrdiff_t>(ty * m + y) * p.ow + tx * m) * W;
#pragma GCC unroll 9
    for (int x = 0; x < m; ++x) line[x] = V::add(line[x], start);
    if (e.simple) {
      for (int x = 0; x < width; ++x) {
        T value = line[x];
        if (other != nullptr) value = V::add(value, V::load(other + at + x * W));
        V::store(dst + at + x * W, V::min(hi, V::max(lo, value)));
      }
    } else {
      for (int x = 0; x < width; ++x) V::store(dst + at + x * W, line[x]);
      epilogue_row<V>(e, dst + at, other == nullptr ? nullptr : other + at, width, W, lanes);
    }
  }
}

template <class I, class S>
void winograd_task_of(const StepArgs& args, TaskId id) {
  using V = typename I::V;
  constexpr int W = V::width, positions = S::points * S::points;
  alignas(64) static const float zeros[kMaxWinogradBlocks * 16] = {};
  const WinogradParams& p = *static_cast<const WinogradParams*>(args.params);
  const int chunk = id.index % p.oc_chunks;
  const int block = id.index / p.oc_chunks % p.tile_blocks;
  const ptrdiff_t image = id.index / p.oc_chunks / p.tile_blocks;
  const int first = block * p.tile_block;
  const int tiles = p.tiles - first < p.tile_block ? p.tiles - first : p.tile_block;
  const ptrdiff_t in_area = static_cast<ptrdiff_t>(p.ih) * p.iw * W, out_area = static_cast<ptrdiff_t>(p.oh) * p.ow * W;
  const float* src = static_cast<const float*>(args.src[p.src]) + image * p.ic_blocks * in_area;
  float* dst = static_cast<float*>(args.dst) + image * p.oc_blocks * out_area;
  const float* other = p.epilogue.other < 0
                           ? nullptr
                           : static_cast<const float*>(args.src[p.epilogue.other]) + image * p.oc_blocks * out_area;
  const float* bias = reinterpret_cast<const float*>(args.weights);
  const auto* weights = reinterpret_cast<const typename I::Weight*>(bias + p.weights);

  float* transformed =
      reinterpret_cast<float*>(args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride);
  const ptrdiff_t row = static_cast<ptrdiff_t>(p.tile_block) * W;  // one position of one channel block
  float* products = transformed + positions * p.ic_blocks * row;
  for (int ic = 0; ic < p.ic_blocks; ++ic) {
    for (int t = 0; t < tiles; ++t) {
      winograd_input<V, S>(p, src + ic * in_area, (first + t) / p.tiles_w, (first + t) % p.tiles_w,
                           transformed + ic * row + t * W, p.ic_blocks * row);
    }
  }

  static const ptrdiff_t no_taps[1] = {0};
  TileArgs a;
  a.taps = no_taps;
  a.bias = zeros;
  a.src_block = row;
  a.dst_pixel = W;
  a.dst_block = row;
  a.ic_blocks = p.ic_blocks;
  a.kh = a.kw = 1;
  a.quads = W / 4;
  a.last_quads = p.last_quads;
  const int oc_end = (chunk + 1) * p.oc_chunk < p.oc_blocks ? (chunk + 1) * p.oc_chunk : p.oc_blocks;
  const ptrdiff_t block_weights = static_cast<ptrdiff_t>(p.ic_blocks) * W * W;  // one position of one oc block
  const int strips = (tiles + p.pixels - 1) / p.pixels;
  for (int oc = chunk * p.oc_chunk; oc < oc_end; oc += p.blocks) {
    const int blocks = oc_end - oc < p.blocks ? oc_end - oc : p.blocks;
    for (int position = 0; position < positions; ++position) {
      a.weights = weights + (oc * positions + position * blocks) * block_weights;
      int t = 0;
      for (int s = 0; s < strips; ++s) {
        const int pixels = (tiles - t + strips - s - 1) / (strips - s);
        a.src = transformed + position * p.ic_blocks * row + t * W;
        a.dst = products + position * blocks * row + t * W;
        I::tile(pixels, blocks)(a);
        t += pixels;
      }
    }
    for (int b = 0; b < blocks; ++b) {
      const bool tail = p.epilogue.tail > 0 && oc + b + 1 == p.oc_blocks;
      for (int t = 0; t < tiles; ++t) {
        winograd_output<V, S>(p, products + b * row + t * W, blocks * row, bias + (oc + b) * W,
                              other == nullptr ? nullptr : other + (oc + b) * out_area, dst + (oc + b) * out_area,
                              (first + t) / p.tiles_w, (first + t) % p.tiles_w, tail ? p.epilogue.tail : W);
      }
    }
  }
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
