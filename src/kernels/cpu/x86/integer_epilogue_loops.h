// From sums of integer products to what is stored, V::pixels pixels of a block of 16 channels at a time.
//
// Integers are clamped where that is free: a float too small for i32, or not a number, becomes the least i32, which
// saturates below any `low`; only `most` must be kept before the conversion.
#pragma once

#include <cstddef>

#include "kernels/cpu/x86/integer_epilogue_params.h"

namespace stretto::kernels {
namespace {

template <class V>
void store_integer_floats(const IntegerOutput& o, const int32_t* sums, int pixels) {
  for (int n = 0; n < o.blocks * V::vectors; ++n) {
    const int b = n / V::vectors, v = n % V::vectors;
    const int channels = (b + 1 == o.blocks ? o.channels : 16) - v * V::lanes;
    if (channels <= 0) return;
    const auto scale = V::load_floats(o.scales + n * V::lanes);
    const auto least = V::set_float(o.e->least), greatest = V::set_float(o.e->greatest);
    const int32_t* from = sums + b * o.sums_block + v * V::lanes;
    uint8_t* dst = o.dst + b * o.dst_block + v * o.dst_vector;
    for (int i = 0; i < pixels; ++i, dst += o.dst_pixel) {
      const auto y = V::mul(V::to_float(V::load(from + i * 16)), scale);
      V::store_floats(reinterpret_cast<float*>(dst), V::keep(V::min(greatest, V::max(least, y)), channels));
    }
  }
}

enum class Other { none, as_it_is, flipped };

/// `sums`: 16 of each pixel; those of the pixels up to the next multiple of V::pixels may be read.
template <class V, Other kind>
void store_integer_bytes(const IntegerOutput& o, const int32_t* sums, int pixels) {
  constexpr int P = V::pixels, N = V::vectors;
  const IntegerEpilogueParams& e = *o.e;
  const auto most = V::set_float(e.most), other_zero = V::set_float(static_cast<float>(e.other_zero)),
             other_scale = V::set_float(e.other_scale), slope = V::set_float(e.slope);
  const bool sloped = e.sloped != 0;
  const auto zero = V::set_short(e.zero), low = V::set_byte(e.low), flip = V::set_byte(e.flip);
  const ptrdiff_t dst_pixel = o.dst_pixel;
  for (int b = 0; b < o.blocks; ++b) {
    typename V::F scale[N];
#pragma GCC unroll 2
    for (int v = 0; v < N; ++v) scale[v] = V::load_floats(o.scales + b * 16 + v * V::lanes);
    const auto kept = b + 1 == o.blocks ? V::first_bytes(o.channels) : V::set_byte(-1);
    const int32_t* from = sums + b * o.sums_block;
    uint8_t* dst = o.dst + b * o.dst_block;
    const uint8_t* other = o.other + (kind == Other::none ? 0 : b * o.dst_block);
    for (int i = 0; i < pixels; i += P, from += 16 * P) {
      const int n = pixels - i < P ? pixels - i : P;
      typename V::T y[4];
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) {
        auto t = V::mul(V::to_float(V::load(from + k * V::lanes)), scale[k % N]);
        if constexpr (kind != Other::none) {
          const uint8_t* at = other + (i + (k / N < n ? k / N : 0)) * dst_pixel + k % N * V::lanes;
          const auto x = V::to_float(V::widen(at, kind == Other::flipped ? 0x80 : 0));
          t = V::add(t, V::mul(V::sub(x, other_zero), other_scale));
        }
        if (sloped) t = V::max(V::mul(t, slope), t);
        y[k] = V::to_integer(V::min(most, t));
      }
      typename V::T bytes = V::max_bytes(V::pack(y, zero), low);
      if (e.lookup) bytes = V::lookup(bytes, o.table);
      bytes = V::bit_and(V::bit_xor(bytes, flip), kept);
      if (dst_pixel == 16) {
        V::store_pixels(dst + i * 16, bytes, n);
      } else {
        alignas(64) uint8_t apart[16 * P];
        V::store_pixels(apart, bytes, P);
        for (int k = 0; k < n; ++k) __builtin_memcpy(dst + (i + k) * dst_pixel, apart + k * 16, 16);
      }
    }
  }
}

/// Whether store_tile stores the same bytes: unsigned ones of adjacent pixels, of products that stay in the range of
/// i32, so that it suffices to clamp bytes. `n` scales.
inline bool can_store_tile(const IntegerEpilogueParams& e, ptrdiff_t dst_pixel, const float* scales, int n) {
  constexpr float kMostScale = 0.5f, kMostOtherScale = 1 << 20;
  if (e.floats != 0 || e.lookup != 0 || e.flip != 0 || e.other_flip != 0 || dst_pixel != 16) return false;
  int large = !(e.other_scale >= -kMostOtherScale && e.other_scale <= kMostOtherScale);
  for (int i = 0; i < n; ++i) large |= !(scales[i] >= -kMostScale && scales[i] <= kMostScale);
  return large == 0;
}

/// A register tile's sums as bytes, without a way through memory: R pixels of B blocks. `plain`: as the params say.
template <class V, int R, int B, bool plain>
[[gnu::always_inline]] inline void store_tile_as(const IntegerOutput& o,
                                                 const typename V::T (&sum)[R][B * V::vectors]) {
  constexpr int P = V::pixels, N = V::vectors;
  const IntegerEpilogueParams& e = *o.e;
  const auto other_zero = V::set_float(static_cast<float>(e.other_zero)), other_scale = V::set_float(e.other_scale);
  const auto slope = V::set_float(e.slope);
  const bool sloped = e.sloped != 0;
  const auto zero = V::set_short(e.zero), low = V::set_byte(e.low), high = V::set_byte(e.high);
  const auto kept = V::first_bytes(o.channels);
  const float* const scales = o.scales;
  const uint8_t* other = o.other;
  uint8_t* dst = o.dst;
  const ptrdiff_t dst_block = o.dst_block;
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b, dst += dst_block) {
    typename V::F scale[N];
#pragma GCC unroll 2
    for (int v = 0; v < N; ++v) scale[v] = V::load_floats(scales + b * 16 + v * V::lanes);
#pragma GCC unroll 16
    for (int i = 0; i < R; i += P) {
      const int n = R - i < P ? R - i : P;
      typename V::F t[4];
      typename V::T y[4];
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) {
        t[k] = V::mul(V::to_float(sum[i + (k / N < n ? k / N : 0)][b * N + k % N]), scale[k % N]);
      }
      if (!plain && other != nullptr) {
#pragma GCC unroll 4
        for (int k = 0; k < 4; ++k) {
          const uint8_t* at = other + (i + (k / N < n ? k / N : 0)) * 16 + k % N * V::lanes;
          t[k] = V::add(t[k], V::mul(V::sub(V::to_float(V::widen(at, 0)), other_zero), other_scale));
        }
      }
      if (!plain && sloped) {
#pragma GCC unroll 4
        for (int k = 0; k < 4; ++k) t[k] = V::max(V::mul(t[k], slope), t[k]);
      }
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) y[k] = V::to_integer(t[k]);
      typename V::T bytes = plain ? V::pack(y) : V::max_bytes(V::min_bytes(V::pack(y, zero), high), low);
      if (b + 1 == B) bytes = V::bit_and(bytes, kept);
      V::store_pixels(dst + i * 16, bytes, n);
    }
    if (!plain && other != nullptr) other += dst_block;
  }
}

template <class V, int R, int B>
[[gnu::always_inline]] inline void store_tile(const IntegerOutput& o, const typename V::T (&sum)[R][B * V::vectors]) {
  if (o.e->plain != 0) return store_tile_as<V, R, B, true>(o, sum);
  store_tile_as<V, R, B, false>(o, sum);
}

template <class V>
void store_integers(const IntegerOutput& o, const int32_t* sums, int pixels) {
  if (o.e->floats) {
    store_integer_floats<V>(o, sums, pixels);
  } else if (o.other == nullptr) {
    store_integer_bytes<V, Other::none>(o, sums, pixels);
  } else if (o.e->other_flip == 0) {
    store_integer_bytes<V, Other::as_it_is>(o, sums, pixels);
  } else {
    store_integer_bytes<V, Other::flipped>(o, sums, pixels);
  }
}

}  // namespace
}  // namespace stretto::kernels
