// Between N,C,H,W and channel blocks: squares of width × width floats are transposed in registers.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/move_params.h"

namespace stretto::kernels {
namespace {

/// `count` ≤ width pixels of one block from rows of channels, `lanes` of which exist. Pixels of blocks are `step`
/// elements apart.
template <class V, int step = V::width, class E>
[[gnu::always_inline]] inline void square_to_blocked(const float* src, ptrdiff_t row, int lanes, int count, E* dst) {
  constexpr int W = V::width;
  typename V::T r[W];
#pragma GCC unroll 16
  for (int c = 0; c < W; ++c) {
    r[c] = c >= lanes ? V::zero() : count == W ? V::load(src + c * row) : V::load_part(src + c * row, count);
  }
  V::transpose(r);
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i) {
    if (i < count) V::store(dst + i * step, r[i]);
  }
}

template <class V, int step = V::width, class E>
[[gnu::always_inline]] inline void square_to_plain(const E* src, ptrdiff_t row, int lanes, int count, float* dst) {
  constexpr int W = V::width;
  typename V::T r[W];
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i) r[i] = i < count ? V::load(src + i * step) : V::zero();
  V::transpose(r);
#pragma GCC unroll 16
  for (int c = 0; c < W; ++c) {
    if (c >= lanes) break;
    if (count == W) {
      V::store(dst + c * row, r[c]);
    } else {
      V::store_part(dst + c * row, r[c], count);
    }
  }
}

template <class V>
void reformat_plane(const ReformatParams& p, const float* plain, const float* blocked, int lanes, ptrdiff_t begin,
                    ptrdiff_t end) {
  constexpr int W = V::width;
  float* to_plain = const_cast<float*>(plain);
  float* to_blocked = const_cast<float*>(blocked);
  for (ptrdiff_t i = begin; i < end; i += W) {
    const int count = end - i < W ? static_cast<int>(end - i) : W;
    if (p.to_blocked && lanes == W && count == W) {
      square_to_blocked<V>(plain + i, p.pixels, W, W, to_blocked + i * W);
    } else if (p.to_blocked) {
      square_to_blocked<V>(plain + i, p.pixels, lanes, count, to_blocked + i * W);
    } else if (lanes == W && count == W) {
      square_to_plain<V>(blocked + i * W, p.pixels, W, W, to_plain + i);
    } else {
      square_to_plain<V>(blocked + i * W, p.pixels, lanes, count, to_plain + i);
    }
  }
}

template <class V>
void reformat_task(const StepArgs& args, TaskId id) {
  constexpr int W = V::width;
  const ReformatParams& p = *static_cast<const ReformatParams*>(args.params);
  const ptrdiff_t begin = id.index % p.parts * static_cast<ptrdiff_t>(p.part);
  const ptrdiff_t end = begin + p.part < p.pixels ? begin + p.part : p.pixels;
  const int first = id.index / p.parts * p.plane_block;
  const int last = first + p.plane_block < p.planes ? first + p.plane_block : p.planes;
  const float* src = static_cast<const float*>(args.src[0]);
  const float* dst = static_cast<const float*>(args.dst);
  for (int plane = first; plane < last; ++plane) {
    const int block = plane % p.channel_blocks;
    const int lanes = p.channels - block * W < W ? p.channels - block * W : W;
    const ptrdiff_t channel = static_cast<ptrdiff_t>(plane / p.channel_blocks) * p.channels + block * W;
    const float* plain = (p.to_blocked ? src : dst) + channel * p.pixels;
    const float* blocked = (p.to_blocked ? dst : src) + static_cast<ptrdiff_t>(plane) * p.pixels * W;
    reformat_plane<V>(p, plain, blocked, lanes, begin, end);
  }
}

}  // namespace
}  // namespace stretto::kernels
