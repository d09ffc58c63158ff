// Sixteen channels at once: 32-bit lanes in two registers of AVX2.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#ifndef STRETTO_LANES_INLINE
#define STRETTO_LANES_INLINE [[gnu::always_inline]] static inline
#endif

namespace stretto::kernels::avx2_integer {
namespace {

struct Reals {
  __m256 a, b;
};
struct Integers {
  __m256i a, b;
};

struct Lanes {
  using F = Reals;
  using I = Integers;
  using Mask = Integers;

  STRETTO_LANES_INLINE Mask mask(int lanes) {
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return {_mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), index),
            _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes - 8), index)};
  }
  STRETTO_LANES_INLINE F keep(Mask m, F x) {
    return {_mm256_and_ps(_mm256_castsi256_ps(m.a), x.a), _mm256_and_ps(_mm256_castsi256_ps(m.b), x.b)};
  }
  STRETTO_LANES_INLINE F set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
  STRETTO_LANES_INLINE I set(int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
  STRETTO_LANES_INLINE F load(const float* x) { return {_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8)}; }
  STRETTO_LANES_INLINE I load(const int32_t* x) {
    const auto* from = reinterpret_cast<const __m256i*>(x);
    return {_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
  }
  STRETTO_LANES_INLINE void store(float* to, F x) {
    _mm256_storeu_ps(to, x.a);
    _mm256_storeu_ps(to + 8, x.b);
  }
  STRETTO_LANES_INLINE void store(int32_t* to, I x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x.a);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to) + 1, x.b);
  }
  /// Eight lanes from each.
  STRETTO_LANES_INLINE F load_halves(const float* low, const float* high) {
    return {_mm256_loadu_ps(low), _mm256_loadu_ps(high)};
  }
  STRETTO_LANES_INLINE void store_low(float* to, F x) { _mm256_storeu_ps(to, x.a); }
  STRETTO_LANES_INLINE void store_high(float* to, F x) { _mm256_storeu_ps(to, x.b); }

  /// Bytes from 0 to 255.
  STRETTO_LANES_INLINE I widen(__m128i bytes) {
    return {_mm256_cvtepu8_epi32(bytes), _mm256_cvtepu8_epi32(_mm_unpackhi_epi64(bytes, bytes))};
  }
  /// The low byte of each lane.
  STRETTO_LANES_INLINE __m128i bytes(I x) {
    const __m256i low = _mm256_set1_epi32(255);
    __m256i words = _mm256_packus_epi32(_mm256_and_si256(x.a, low), _mm256_and_si256(x.b, low));
    words = _mm256_permute4x64_epi64(words, 0xd8);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  }
  STRETTO_LANES_INLINE I add(I x, I y) { return {_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)}; }
  STRETTO_LANES_INLINE I sub(I x, I y) { return {_mm256_sub_epi32(x.a, y.a), _mm256_sub_epi32(x.b, y.b)}; }
  STRETTO_LANES_INLINE F real(I x) { return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }
  STRETTO_LANES_INLINE F add(F x, F y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
  STRETTO_LANES_INLINE F mul(F x, F y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
  STRETTO_LANES_INLINE F div(F x, F y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
  /// The second argument where either is not a number.
  STRETTO_LANES_INLINE F max(F x, F y) { return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }
  /// Zero where x is not a number.
  STRETTO_LANES_INLINE F numbers(F x) {
    return {_mm256_and_ps(_mm256_cmp_ps(x.a, x.a, _CMP_ORD_Q), x.a),
            _mm256_and_ps(_mm256_cmp_ps(x.b, x.b, _CMP_ORD_Q), x.b)};
  }
  /// The integers nearest to x within least … most, ties to even; `least` where x is not a number.
  STRETTO_LANES_INLINE I round(F x, F least, F most) {
    return {_mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(x.a, least.a), most.a)),
            _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(x.b, least.b), most.b))};
  }
  STRETTO_LANES_INLINE F gather(const float* table, I at) {
    return {_mm256_i32gather_ps(table, at.a, 4), _mm256_i32gather_ps(table, at.b, 4)};
  }

  /// 32 bytes at `x`, each replaced by the table's entry: sixteen shuffles of sixteen entries each. An index that is
  /// not among the sixteen gets its upper bit set, for which a shuffle gives zero.
  static constexpr int kTableBytes = 32;
  STRETTO_LANES_INLINE void look_up(const uint8_t* table, uint8_t* x) {
    const __m256i at = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
    __m256i found = _mm256_setzero_si256();
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      const __m256i part =
          _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table + i * 16)));
      const __m256i index = _mm256_xor_si256(at, _mm256_set1_epi8(static_cast<char>(i << 4)));
      const __m256i here = _mm256_adds_epu8(index, _mm256_set1_epi8(0x70));
      found = _mm256_or_si256(found, _mm256_shuffle_epi8(part, here));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(x), found);
  }

  /// Weights of 16 columns and kGroup steps of k, for `dot`.
  static constexpr int kGroup = 2, kRows = 2, kBlocks = 2;
  using Weights = Integers;
  STRETTO_LANES_INLINE Weights load_weights(const int8_t* w) {
    const auto* from = reinterpret_cast<const __m128i*>(w);
    return {_mm256_cvtepi8_epi16(_mm_loadu_si128(from)), _mm256_cvtepi8_epi16(_mm_loadu_si128(from + 1))};
  }
  STRETTO_LANES_INLINE __m256i spread(const uint8_t* a) {
    return _mm256_set1_epi32(a[0] | a[1] << 16);
  }
  STRETTO_LANES_INLINE I dot(I sum, __m256i a, Weights w) {
    return {_mm256_add_epi32(sum.a, _mm256_madd_epi16(w.a, a)), _mm256_add_epi32(sum.b, _mm256_madd_epi16(w.b, a))};
  }
};

}  // namespace
}  // namespace stretto::kernels::avx2_integer
