// Winograd convolution in f16: the input's transform and the products in f16, with sums in f32, the output's transform
// in f32. I names one instruction set, as in half_product_loops.h.
//
// Worker scratch as winograd_params.h has it, the transformed input in f16; behind it one tile's f16 sums and the
// units.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/half_product_loops.h"
#include "kernels/cpu/x86/winograd_tile_loops.h"

namespace stretto::kernels {
namespace {

/// What the products of one task have in common.
struct WinogradHalfTask {
  const WinogradParams* p;
  const uint16_t* transformed;
  const uint16_t* weights;  // of the image's positions
  float* products;
  uint16_t* chunk;
  const HalfUnit* units;
  int tiles;
};

/// One position of `blocks` blocks of output channels: f32 sums of all tiles.
template <class I>
void winograd_products(const WinogradHalfTask& t, int position, int blocks, const uint16_t* weights) {
  using Wide = typename I::V::Wide;
  constexpr int W = Wide::width;
  alignas(64) static const float zeros[W] = {};
  const WinogradParams& p = *t.p;
  const ptrdiff_t row = static_cast<ptrdiff_t>(p.tile_block) * W;
  const int strips = (t.tiles + p.pixels - 1) / p.pixels;
  HalfTileArgs a;
  a.weights = weights;
  a.sums = t.chunk;
  int first_tile = 0;
  for (int s = 0; s < strips; ++s) {
    const int pixels = (t.tiles - first_tile + strips - s - 1) / (strips - s);
    a.src = t.transformed + position * p.input_position + first_tile * W;
    for (int unit = 0; unit < p.ic_blocks; unit += a.count) {
      a.units = t.units + unit;
      a.count = units_of_sum(a.units, p.ic_blocks - unit, kWinogradOctetsPerSum);
      I::tile(pixels, blocks)(a);
      for (int b = 0; b < blocks; ++b) {
        float* sums = t.products + position * p.product_position + b * row + first_tile * W;
        const bool fresh = unit == 0;
        add_chunk<Wide>({t.chunk + b * pixels * W, fresh ? zeros : sums, fresh ? 0 : W, sums}, pixels);
      }
    }
    first_tile += pixels;
  }
}

/// 0…most
inline int least_lanes(int lanes, int most) {
  return lanes < 0 ? 0 : lanes < most ? lanes : most;
}

template <class I, class S>
void winograd_half_task_of(const StepArgs& args, TaskId id) {
  using V = typename I::V;
  using Part = typename V::Wide::Part;
  constexpr int W = V::width, positions = S::points * S::points;
  const WinogradParams& p = *static_cast<const WinogradParams*>(args.params);
  const int chunk = id.index % p.oc_chunks;
  const int block = id.index / p.oc_chunks % p.tile_blocks;
  const ptrdiff_t image = id.index / p.oc_chunks / p.tile_blocks;
  const int first = block * p.tile_block;
  const ptrdiff_t in_area = static_cast<ptrdiff_t>(p.ih) * p.iw * W, out_area = static_cast<ptrdiff_t>(p.oh) * p.ow * W;
  const uint16_t* src = static_cast<const uint16_t*>(args.src[p.src]) + image * p.ic_blocks * in_area;
  uint16_t* dst = static_cast<uint16_t*>(args.dst) + image * p.oc_blocks * out_area;
  const uint16_t* other =
      p.epilogue.other < 0 ? nullptr
                           : static_cast<const uint16_t*>(args.src[p.epilogue.other]) + image * p.oc_blocks * out_area;
  const float* bias = reinterpret_cast<const float*>(args.weights);
  const auto* weights = reinterpret_cast<const uint16_t*>(bias + p.weights);
  const ptrdiff_t row = static_cast<ptrdiff_t>(p.tile_block) * W;  // one position of one channel block

  auto* transformed =
      reinterpret_cast<uint16_t*>(args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride);
  WinogradHalfTask t;
  t.p = &p;
  t.tiles = p.tiles - first < p.tile_block ? p.tiles - first : p.tile_block;
  t.transformed = transformed;
  t.products = reinterpret_cast<float*>(transformed) + p.products;
  t.chunk = reinterpret_cast<uint16_t*>(t.products + positions * p.product_position);
  auto* units = reinterpret_cast<HalfUnit*>(t.chunk + kHalfTileSums);
  list_blocks(p.ic_blocks, p.last_quads, row, units);
  t.units = units;
  for (int ic = 0; ic < p.ic_blocks; ++ic) {
    for (int i = 0; i < t.tiles; ++i) {
      for (int part = 0; part < W; part += W / 2) {
        winograd_input<Part, S>(p, src + ic * in_area + part, (first + i) / p.tiles_w, (first + i) % p.tiles_w,
                                transformed + ic * row + i * W + part, p.input_position);
      }
    }
  }
  const int oc_end = (chunk + 1) * p.oc_chunk < p.oc_blocks ? (chunk + 1) * p.oc_chunk : p.oc_blocks;
  const ptrdiff_t block_weights = static_cast<ptrdiff_t>(p.ic_blocks) * kUnitWeights;
  for (int oc = chunk * p.oc_chunk; oc < oc_end; oc += p.blocks) {
    const int blocks = oc_end - oc < p.blocks ? oc_end - oc : p.blocks;
    for (int position = 0; position < positions; ++position) {
      winograd_products<I>(t, position, blocks, weights + (oc * positions + position * blocks) * block_weights);
    }
    for (int b = 0; b < blocks; ++b) {
      const int lanes = p.epilogue.tail > 0 && oc + b + 1 == p.oc_blocks ? p.epilogue.tail : W;
      for (int i = 0; i < t.tiles; ++i) {
        for (int part = 0; part < W; part += W / 2) {
          const ptrdiff_t place = (oc + b) * out_area + part;
          winograd_output<Part, S>(p, t.products + b * row + i * W + part, p.product_position,
                                   bias + (oc + b) * W + part, other == nullptr ? nullptr : other + place, dst + place,
                                   (first + i) / p.tiles_w, (first + i) % p.tiles_w, least_lanes(lanes - part, W / 2));
        }
      }
    }
  }
}

template <class I>
void winograd_half_task(const StepArgs& args, TaskId id) {
  const WinogradParams& p = *static_cast<const WinogradParams*>(args.params);
  if (p.stride == 2) return winograd_half_task_of<I, WinogradScheme<2, 2>>(args, id);
  winograd_half_task_of<I, WinogradScheme<2, 1>>(args, id);
}

}  // namespace
}  // namespace stretto::kernels
