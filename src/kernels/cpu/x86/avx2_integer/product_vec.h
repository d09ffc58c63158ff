// AVX2 vectors as the loops of integer products see them: 8 sums, and two pixels of 16 bytes.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace stretto::kernels::avx2_integer {
namespace {

#define STRETTO_INLINE [[gnu::always_inline]] static inline

/// All but the products.
struct Epilogue {
  static constexpr int lanes = 8, vectors = 2, pixels = 2;
  using T = __m256i;
  using F = __m256;
  STRETTO_INLINE T load(const int32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  STRETTO_INLINE void store(int32_t* p, T x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }
  STRETTO_INLINE F load_floats(const float* p) { return _mm256_loadu_ps(p); }
  STRETTO_INLINE void store_floats(float* p, F x) { _mm256_storeu_ps(p, x); }
  STRETTO_INLINE F set_float(float x) { return _mm256_set1_ps(x); }
  STRETTO_INLINE T set_short(int x) { return _mm256_set1_epi16(static_cast<int16_t>(x)); }
  STRETTO_INLINE T set_byte(int x) { return _mm256_set1_epi8(static_cast<int8_t>(x)); }
  STRETTO_INLINE F to_float(T x) { return _mm256_cvtepi32_ps(x); }
  STRETTO_INLINE T to_integer(F x) { return _mm256_cvtps_epi32(x); }
  STRETTO_INLINE F add(F a, F b) { return _mm256_add_ps(a, b); }
  STRETTO_INLINE F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  STRETTO_INLINE F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  /// The second argument where either is NaN.
  STRETTO_INLINE F min(F a, F b) { return _mm256_min_ps(a, b); }
  STRETTO_INLINE F max(F a, F b) { return _mm256_max_ps(a, b); }
  /// The first n lanes, zeros after.
  STRETTO_INLINE F keep(F x, int n) {
    const T index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(n), index)));
  }
  STRETTO_INLINE T max_bytes(T a, T b) { return _mm256_max_epu8(a, b); }
  STRETTO_INLINE T min_bytes(T a, T b) { return _mm256_min_epu8(a, b); }
  STRETTO_INLINE T bit_and(T a, T b) { return _mm256_and_si256(a, b); }
  STRETTO_INLINE T bit_xor(T a, T b) { return _mm256_xor_si256(a, b); }
  /// All bits of the first n bytes of every pixel.
  STRETTO_INLINE T first_bytes(int n) {
    const __m128i index = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm256_broadcastsi128_si256(_mm_cmpgt_epi8(_mm_set1_epi8(static_cast<int8_t>(n)), index));
  }
  /// 8 bytes, `flip` changed in each, as i32.
  STRETTO_INLINE T widen(const uint8_t* p, int flip) {
    const __m128i x = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    return _mm256_cvtepu8_epi32(_mm_xor_si128(x, _mm_set1_epi8(static_cast<int8_t>(flip))));
  }
  /// Of two pixels, two vectors each: + zero, saturated to bytes.
  STRETTO_INLINE T pack(const T (&y)[4], T zero) {
    return pack_words(_mm256_adds_epi16(_mm256_packs_epi32(y[0], y[1]), zero),
                      _mm256_adds_epi16(_mm256_packs_epi32(y[2], y[3]), zero));
  }
  /// The same with zero 0.
  STRETTO_INLINE T pack(const T (&y)[4]) {
    return pack_words(_mm256_packs_epi32(y[0], y[1]), _mm256_packs_epi32(y[2], y[3]));
  }
  /// table[byte] of each of 32.
  STRETTO_INLINE T lookup(T bytes, const uint8_t* table) {
    T result = _mm256_setzero_si256();
    for (int i = 0; i < 16; ++i) {
      // 0x70 to 0x7F for bytes of this row of the table; others get their highest bit and select 0.
      const T index = _mm256_adds_epu8(_mm256_xor_si256(bytes, set_byte(i * 16)), set_byte(0x70));
      const T row = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table + i * 16)));
      result = _mm256_or_si256(result, _mm256_shuffle_epi8(row, index));
    }
    return result;
  }
  STRETTO_INLINE void store_pixels(uint8_t* p, T x, int n) {
    if (n == pixels) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x);
    } else {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(x));
    }
  }
  STRETTO_INLINE T load_pixels(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  /// The first n pixels; zeros after.
  STRETTO_INLINE T load_pixels(const uint8_t* p, int n) {
    return n == pixels ? load_pixels(p) : _mm256_zextsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  /// Four numbers in every lane of 128 bits.
  STRETTO_INLINE T load_four(const int32_t* p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  STRETTO_INLINE F load_four(const float* p) {
    return _mm256_castsi256_ps(load_four(reinterpret_cast<const int32_t*>(p)));
  }
  /// Bytes of pixels to i32, four channels of every pixel in each.
  STRETTO_INLINE void quarters(T bytes, T (&out)[4]) {
    const T zero = _mm256_setzero_si256();
    const T low = _mm256_unpacklo_epi8(bytes, zero), high = _mm256_unpackhi_epi8(bytes, zero);
    out[0] = _mm256_unpacklo_epi16(low, zero);
    out[1] = _mm256_unpackhi_epi16(low, zero);
    out[2] = _mm256_unpacklo_epi16(high, zero);
    out[3] = _mm256_unpackhi_epi16(high, zero);
  }
  /// Of four channels of every pixel in each: + zero, saturated to bytes.
  STRETTO_INLINE T pack_quarters(const T (&y)[4], T zero) {
    const T a = _mm256_adds_epi16(_mm256_packs_epi32(y[0], y[1]), zero);
    const T b = _mm256_adds_epi16(_mm256_packs_epi32(y[2], y[3]), zero);
    return _mm256_packus_epi16(a, b);
  }
  using Pixel = __m128i;
  STRETTO_INLINE Pixel pixel_of(int byte) { return _mm_set1_epi8(static_cast<int8_t>(byte)); }
  STRETTO_INLINE Pixel load_pixel(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
  STRETTO_INLINE void store_pixel(uint8_t* p, Pixel x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), x); }

 protected:
  STRETTO_INLINE T pack_words(T a, T b) {
    const T order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(a, b), order);
  }
  STRETTO_INLINE T load_bytes(const std::byte* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  STRETTO_INLINE T four_bytes(const uint8_t* p) {
    int32_t x;
    std::memcpy(&x, p, 4);
    return _mm256_set1_epi32(x);
  }
};

/// Products of pairs of 16 bits: weights are i16, of channels 0 and 2, then of 1 and 3.
struct ProductVec : Epilogue {
  static constexpr ptrdiff_t weight_bytes = 128;  // of 4 channels and 16 outputs
  struct Pairs {
    T even, odd;
  };
  using Source = Pairs;
  using Weights = const std::byte*;  // loaded where they are used: too few registers
  STRETTO_INLINE Source source(const uint8_t* p) {
    const T x = four_bytes(p);
    return {_mm256_and_si256(x, _mm256_set1_epi32(0x00ff00ff)), _mm256_srli_epi16(x, 8)};
  }
  STRETTO_INLINE Weights weights(const std::byte* p, int n) { return p + n / 2 * weight_bytes + n % 2 * 32; }
  STRETTO_INLINE T dot(T sum, const Source& x, Weights w) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x.even, load_bytes(w)));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x.odd, load_bytes(w + 64)));
  }
  static constexpr int rows = 2;
  /// Two rows of pixels at `tap`, interleaved as 16 bits: four channels of every pixel in each.
  STRETTO_INLINE void columns(const uint8_t* const (&row)[rows], ptrdiff_t tap, T (&out)[4]) {
    const T a = load_pixels(row[0] + tap), b = load_pixels(row[1] + tap), zero = _mm256_setzero_si256();
    const T a_low = _mm256_unpacklo_epi8(a, zero), a_high = _mm256_unpackhi_epi8(a, zero);
    const T b_low = _mm256_unpacklo_epi8(b, zero), b_high = _mm256_unpackhi_epi8(b, zero);
    out[0] = _mm256_unpacklo_epi16(a_low, b_low);
    out[1] = _mm256_unpackhi_epi16(a_low, b_low);
    out[2] = _mm256_unpacklo_epi16(a_high, b_high);
    out[3] = _mm256_unpackhi_epi16(a_high, b_high);
  }
  STRETTO_INLINE T dot_columns(T sum, T columns, const std::byte* w) {
    const T weights = load_four(reinterpret_cast<const int32_t*>(w));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(columns, weights));
  }
};

}  // namespace
}  // namespace stretto::kernels::avx2_integer
