// Between c32h and N,C,H,W or c16. V is a vector of 16 floats that also loads and stores f16.
#pragma once

#include "kernels/cpu/x86/reformat_loops.h"

namespace stretto::kernels {
namespace {

/// Pixels begin…end of one block of 32 channels, to or from rows of channels; `channels` of them exist.
template <class V>
void reformat_half_plain(const ReformatParams& p, float* plain, uint16_t* blocked, int channels, ptrdiff_t begin,
                         ptrdiff_t end) {
  constexpr int W = V::width;
  for (int half = 0; half < 2; ++half) {
    int lanes = channels - half * W;
    lanes = lanes < 0 ? 0 : lanes < W ? lanes : W;
    float* rows = plain + half * W * p.pixels;
    for (ptrdiff_t i = begin; i < end; i += W) {
      const int count = end - i < W ? static_cast<int>(end - i) : W;
      uint16_t* at = blocked + i * 2 * W + half * W;
      if (p.to_blocked && lanes == W && count == W) {
        square_to_blocked<V, 2 * W>(rows + i, p.pixels, W, W, at);
      } else if (p.to_blocked) {
        square_to_blocked<V, 2 * W>(rows + i, p.pixels, lanes, count, at);
      } else if (lanes == W && count == W) {
        square_to_plain<V, 2 * W>(at, p.pixels, W, W, rows + i);
      } else {
        square_to_plain<V, 2 * W>(at, p.pixels, lanes, count, rows + i);
      }
    }
  }
}

/// The same with c16; `upper`: the second of its blocks exists.
template <class V>
void reformat_half_c16(const ReformatParams& p, float* c16, uint16_t* blocked, bool upper, ptrdiff_t begin,
                       ptrdiff_t end) {
  constexpr int W = V::width;
  float* second = c16 + p.pixels * W;
  for (ptrdiff_t i = begin; i < end; ++i) {
    uint16_t* at = blocked + i * 2 * W;
    if (p.to_blocked) {
      V::store(at, V::load(c16 + i * W));
      V::store(at + W, upper ? V::load(second + i * W) : V::zero());
    } else {
      V::store(c16 + i * W, V::load(at));
      if (upper) V::store(second + i * W, V::load(at + W));
    }
  }
}

template <class V>
void reformat_half_task(const StepArgs& args, TaskId id) {
  constexpr int W = V::width;
  const ReformatParams& p = *static_cast<const ReformatParams*>(args.params);
  const ptrdiff_t begin = id.index % p.parts * static_cast<ptrdiff_t>(p.part);
  const ptrdiff_t end = begin + p.part < p.pixels ? begin + p.part : p.pixels;
  const int first = id.index / p.parts * p.plane_block;
  const int last = first + p.plane_block < p.planes ? first + p.plane_block : p.planes;
  void* src = const_cast<void*>(args.src[0]);
  float* other = static_cast<float*>(p.to_blocked ? src : args.dst);
  uint16_t* half = static_cast<uint16_t*>(p.to_blocked ? args.dst : src);
  const int c16_blocks = (p.channels + W - 1) / W;
  for (int plane = first; plane < last; ++plane) {
    const int image = plane / p.channel_blocks, block = plane % p.channel_blocks;
    uint16_t* blocked = half + static_cast<ptrdiff_t>(plane) * p.pixels * 2 * W;
    if (p.c16) {
      float* c16 = other + (static_cast<ptrdiff_t>(image) * c16_blocks + 2 * block) * p.pixels * W;
      reformat_half_c16<V>(p, c16, blocked, 2 * block + 1 < c16_blocks, begin, end);
    } else {
      float* plain = other + (static_cast<ptrdiff_t>(image) * p.channels + block * 2 * W) * p.pixels;
      reformat_half_plain<V>(p, plain, blocked, p.channels - block * 2 * W, begin, end);
    }
  }
}

}  // namespace
}  // namespace stretto::kernels
