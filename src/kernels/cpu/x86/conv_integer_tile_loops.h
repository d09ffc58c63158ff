// The register tile of integer convolutions: all sums of R pixels × B blocks of 16 outputs live in registers.
//
// V is one instruction set: V::lanes sums in a vector; V::source(p) is four channels of a pixel, broadcast;
// V::weights(p) those of V::lanes outputs; V::dot adds their products to sums, exactly.
#pragma once

#include "kernels/cpu/x86/conv_integer_params.h"
#include "kernels/cpu/x86/integer_epilogue_loops.h"

namespace stretto::kernels {
namespace {

/// Four channels of R pixels; sum[r][b · vectors + v].
template <class V, int R, int B>
[[gnu::always_inline]] inline void integer_step(typename V::T (&sum)[R][B * V::vectors], const uint8_t* src,
                                                const std::byte* weights) {
  constexpr int N = B * V::vectors;
  typename V::Weights w[N];
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n) w[n] = V::weights(weights, n);
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    const typename V::Source x = V::source(src + r * kIntegerBlock);
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) sum[r][n] = V::dot(sum[r][n], x, w[n]);
  }
}

/// One tap of one ic block.
template <class V, int R, int B>
[[gnu::always_inline]] inline void integer_tap(typename V::T (&sum)[R][B * V::vectors], const uint8_t* src,
                                               const std::byte* weights, int quads) {
  constexpr ptrdiff_t kQuad = B * V::weight_bytes;
  if (quads == 4) {
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) integer_step<V, R, B>(sum, src + 4 * q, weights + q * kQuad);
  } else {
    for (int q = 0; q < quads; ++q) integer_step<V, R, B>(sum, src + 4 * q, weights + q * kQuad);
  }
}

template <class V, int R, int B>
void integer_tile(const IntegerTileArgs& a) {
  constexpr int N = B * V::vectors, L = V::lanes;
  int32_t* const sums = a.sums;
  const ptrdiff_t sums_block = a.sums_block;
  typename V::T sum[R][N];
  if (a.bias != nullptr) {
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      const typename V::T start = V::load(a.bias + n * L);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) sum[r][n] = start;
    }
  } else {
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        sum[r][n] = V::load(sums + n / V::vectors * sums_block + r * kIntegerBlock + n % V::vectors * L);
      }
    }
  }
  const char* fetched = a.ahead;
  const ptrdiff_t ahead_step = a.ahead_step;
  const std::byte* w = a.weights;
  const uint8_t* block = a.src;
  if (a.kh == 1 && a.kw == 1) {
    const ptrdiff_t src_block = a.src_block, next_weights = a.tap + a.weights_skip;
    block += a.taps[0];
    for (int ic = a.ic_blocks; ic > 0; --ic, block += src_block, w += next_weights) {
#pragma GCC unroll 4
      for (int line = 0; line < R * kIntegerBlock; line += 64) __builtin_prefetch(block + R * kIntegerBlock + line);
#pragma GCC unroll 2
      for (int line = 0; line < kIntegerTapLines; ++line, fetched += ahead_step) __builtin_prefetch(fetched, 0, 2);
      integer_tap<V, R, B>(sum, block, w, ic == 1 ? a.last_quads : 4);
    }
  } else {
    for (int ic = 0; ic < a.ic_blocks; ++ic, block += a.src_block, w += a.weights_skip) {
      const int quads = ic + 1 == a.ic_blocks ? a.last_quads : 4;
      const uint8_t* row = block;
      for (int kh = 0; kh < a.kh; ++kh, row += a.src_row) {
        // What the next pixels read of this block: blocks lie far apart, where no hardware looks ahead.
#pragma GCC unroll 4
        for (int line = 0; line < R * kIntegerBlock; line += 64) __builtin_prefetch(row + R * kIntegerBlock + line);
        for (int kw = 0; kw < a.kw; ++kw) {
          const uint8_t* s = row + a.taps[kw];
#pragma GCC unroll 2
          for (int line = 0; line < kIntegerTapLines; ++line, fetched += ahead_step) __builtin_prefetch(fetched, 0, 2);
          integer_tap<V, R, B>(sum, s, w, quads);
          w += a.tap;
        }
      }
    }
  }
  if (a.store != nullptr) return store_tile<V, R, B>(*a.store, sum);
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      V::store(sums + n / V::vectors * sums_block + r * kIntegerBlock + n % V::vectors * L, sum[r][n]);
    }
  }
}

}  // namespace
}  // namespace stretto::kernels
