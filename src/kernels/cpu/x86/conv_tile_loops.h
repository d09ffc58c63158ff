// The register tile: all sums of R pixels × B blocks live in registers.
#pragma once

#include "kernels/cpu/x86/conv_tile_params.h"

namespace stretto::kernels {
namespace {

/// How far ahead input is asked for: two blocks of 16 channels are some 400 cycles of a full tile.
constexpr int kBlocksAhead = 2;

/// Weight: float, or uint16_t for f16, widened as they are loaded.
template <class V, class Weight, int R, int B>
void conv_tile_of(const TileArgs& a) {
  using T = typename V::T;
  constexpr int W = V::width;
  T sum[R][B];
  if (a.bias != nullptr) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      const T start = V::load(a.bias + b * W);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) sum[r][b] = start;
    }
  } else {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) sum[r][b] = V::load(a.dst + r * a.dst_pixel + b * a.dst_block);
    }
  }
  const auto* w = static_cast<const Weight*>(a.weights);
  const char* fetched = a.ahead != nullptr ? a.ahead : reinterpret_cast<const char*>(a.src);
  const float* block = a.src;
  for (int ic = 0; ic < a.ic_blocks; ++ic, block += a.src_block, w += a.weights_skip) {
    const int quads = ic + 1 == a.ic_blocks ? a.last_quads : a.quads;
    const float* row = block;
    // Pixels of one block lie together, the next block's far away, where no hardware looks ahead.
    const int ahead = ic + kBlocksAhead;
    const float* next =
        ahead < a.ic_blocks ? block + kBlocksAhead * a.src_block : a.src + (ahead - a.ic_blocks) * a.src_block + R * W;
    for (int kh = 0; kh < a.kh; ++kh, row += a.src_row, next += a.src_row) {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) __builtin_prefetch(next + r * W);
      // The sums' own lines are wanted at the end, all at once: a block of them with each block of input.
      if (ic < B && kh == 0) {
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) __builtin_prefetch(a.dst + r * a.dst_pixel + ic * a.dst_block, 1);
        if (a.other != nullptr) {
#pragma GCC unroll 16
          for (int r = 0; r < R; ++r) __builtin_prefetch(a.other + r * a.dst_pixel + ic * a.dst_block);
        }
      }
      for (int kw = 0; kw < a.kw; ++kw) {
        const float* s = row + a.taps[kw];
        const float* const end = s + quads * 4;
        const Weight* wq = w;
        do {
#pragma GCC unroll 4
          for (int c = 0; c < 4; ++c) {
            if (c % kLineChannels == 0) {
              __builtin_prefetch(fetched, 0, 2);
              fetched += a.ahead_step;
            }
            T weight[B];
#pragma GCC unroll 4
            for (int b = 0; b < B; ++b) weight[b] = V::load(wq + (c * B + b) * W);
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) {
              const T x = V::broadcast(s + r * W + c);
#pragma GCC unroll 4
              for (int b = 0; b < B; ++b) sum[r][b] = V::fma(weight[b], x, sum[r][b]);
            }
          }
          s += 4;
          wq += 4 * B * W;
        } while (s != end);
        w += W * B * W;
      }
    }
  }
  if (a.other != nullptr) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) sum[r][b] = V::add(sum[r][b], V::load(a.other + r * a.dst_pixel + b * a.dst_block));
    }
  }
  if (a.clamp) {
    const T lo = V::set(a.lo), hi = V::set(a.hi);
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) sum[r][b] = V::min(hi, V::max(lo, sum[r][b]));
    }
  }
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) V::store(a.dst + r * a.dst_pixel + b * a.dst_block, sum[r][b]);
  }
}

}  // namespace
}  // namespace stretto::kernels
