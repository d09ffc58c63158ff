// Sixteen bytes as the loops of every x86 instruction set see them: one pixel's block of channels.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace stretto::kernels {
namespace {

[[gnu::always_inline]] inline __m128i load_bytes(const uint8_t* x) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
}
[[gnu::always_inline]] inline void store_bytes(uint8_t* to, __m128i x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), x);
}
/// All bits in the first `lanes` bytes.
[[gnu::always_inline]] inline __m128i byte_mask(int lanes) {
  const __m128i index = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm_cmplt_epi8(index, _mm_set1_epi8(static_cast<char>(lanes)));
}
/// `count` ≤ 16 elements and zeros after them.
template <class T>
struct Part {
  T values[16];
  [[gnu::always_inline]] inline Part(const T* x, ptrdiff_t count) : values{} {
    std::memcpy(values, x, static_cast<size_t>(count) * sizeof(T));
  }
};
[[gnu::always_inline]] inline __m128i load_bytes(const uint8_t* x, ptrdiff_t count) {
  return count < 16 ? load_bytes(Part<uint8_t>(x, count).values) : load_bytes(x);
}
[[gnu::always_inline]] inline void store_bytes(uint8_t* to, __m128i x, ptrdiff_t count) {
  if (count >= 16) return store_bytes(to, x);
  uint8_t values[16];
  store_bytes(values, x);
  std::memcpy(to, values, static_cast<size_t>(count));
}

/// 16 × 16 bytes, rows become columns.
[[gnu::always_inline]] inline void transpose_bytes(__m128i (&r)[16]) {
  __m128i t[16];
#pragma GCC unroll 4
  for (int round = 0; round < 4; ++round) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      t[2 * i] = _mm_unpacklo_epi8(r[i], r[i + 8]);
      t[2 * i + 1] = _mm_unpackhi_epi8(r[i], r[i + 8]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) r[i] = t[i];
  }
}

/// `count` ≤ 16 pixels of a block from rows of channels, of which the first `lanes` may be other than zero.
[[gnu::always_inline]] inline void store_pixels(__m128i (&r)[16], int lanes, ptrdiff_t count, uint8_t* to) {
  if (lanes > 4) {
    transpose_bytes(r);
    for (int i = 0; i < count; ++i) store_bytes(to + i * 16, r[i]);
    return;
  }
  const __m128i low = _mm_unpacklo_epi8(r[0], r[1]), high = _mm_unpackhi_epi8(r[0], r[1]);
  const __m128i low2 = _mm_unpacklo_epi8(r[2], r[3]), high2 = _mm_unpackhi_epi8(r[2], r[3]);
  const __m128i pixels[4] = {_mm_unpacklo_epi16(low, low2), _mm_unpackhi_epi16(low, low2),
                             _mm_unpacklo_epi16(high, high2), _mm_unpackhi_epi16(high, high2)};
  const __m128i first = _mm_setr_epi32(0x03020100, -1, -1, -1);  // the first four bytes, zeros after them
  if (count == 16) {
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      const __m128i which = _mm_add_epi8(first, _mm_setr_epi32(i % 4 * 0x04040404, 0, 0, 0));
      store_bytes(to + i * 16, _mm_shuffle_epi8(pixels[i / 4], which));
    }
    return;
  }
  for (int i = 0; i < count; ++i) {
    const __m128i which = _mm_add_epi8(first, _mm_setr_epi32(i % 4 * 0x04040404, 0, 0, 0));
    store_bytes(to + i * 16, _mm_shuffle_epi8(pixels[i / 4], which));
  }
}

}  // namespace
}  // namespace stretto::kernels
