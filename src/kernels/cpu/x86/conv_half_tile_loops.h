// The register tile of f16: all sums of R pixels × B blocks of 32 output channels live in registers. A multiplication
// takes two input channels of one pixel, broadcast together (one load, where a broadcast of one f16 takes a shuffle as
// well), with 16 output channels: its 32 sums are those of the even and of the odd input channels.
#pragma once

#include "kernels/cpu/x86/conv_half_params.h"

namespace stretto::kernels {
namespace {

template <class V, int R, int B>
void conv_half_tile_of(const HalfTileArgs& a) {
  using T = typename V::T;
  constexpr int W = V::width, N = 2 * B;
  typename V::Sum sum[R][N];
#pragma GCC unroll 4
  for (int b = 0; b < N; ++b) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) sum[r][b] = V::no_sum();
  }
  for (int u = 0; u < a.count; ++u) {
    const HalfUnit& unit = a.units[u];
    const uint16_t* const next = a.src + a.units[u + kUnitsAhead].src;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) __builtin_prefetch(next + r * W);
    const uint16_t* s = a.src + unit.src;
    const uint16_t* const end = s + unit.octets * 8;
    const uint16_t* w = a.weights + static_cast<ptrdiff_t>(unit.weights) * B;
    do {
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        T weight[N];
#pragma GCC unroll 4
        for (int b = 0; b < N; ++b) weight[b] = V::load(w + (c * N + b) * W);
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
          const T x = V::broadcast_pair(s + r * W + 2 * c);
#pragma GCC unroll 4
          for (int b = 0; b < N; ++b) V::accumulate(sum[r][b], weight[b], x);
        }
      }
      s += 8;
      w += 4 * N * W;
    } while (s != end);
  }
#pragma GCC unroll 2
  for (int b = 0; b < B; ++b) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      V::store(a.sums + (b * R + r) * W, avx512::add_pairs<V>(sum[r][2 * b], sum[r][2 * b + 1]));
    }
  }
}

}  // namespace
}  // namespace stretto::kernels
