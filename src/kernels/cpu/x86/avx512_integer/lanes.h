// Sixteen channels at once: 32-bit lanes in one register of AVX-512.
#pragma once

// g++ 12 warns of the undefined vectors inside its own intrinsics.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#include <cstdint>
#include <cstring>

#ifndef STRETTO_LANES_INLINE
#define STRETTO_LANES_INLINE [[gnu::always_inline]] static inline
#endif

namespace stretto::kernels::avx512_integer {
namespace {

struct Lanes {
  using F = __m512;
  using I = __m512i;
  using Mask = __mmask16;

  STRETTO_LANES_INLINE Mask mask(int lanes) { return static_cast<Mask>((1u << lanes) - 1); }
  STRETTO_LANES_INLINE F keep(Mask m, F x) { return _mm512_maskz_mov_ps(m, x); }
  STRETTO_LANES_INLINE F set(float x) { return _mm512_set1_ps(x); }
  STRETTO_LANES_INLINE I set(int32_t x) { return _mm512_set1_epi32(x); }
  STRETTO_LANES_INLINE F load(const float* x) { return _mm512_loadu_ps(x); }
  STRETTO_LANES_INLINE I load(const int32_t* x) { return _mm512_loadu_si512(x); }
  STRETTO_LANES_INLINE void store(float* to, F x) { _mm512_storeu_ps(to, x); }
  STRETTO_LANES_INLINE void store(int32_t* to, I x) { _mm512_storeu_si512(to, x); }
  /// Eight lanes from each.
  STRETTO_LANES_INLINE F load_halves(const float* low, const float* high) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(low)), _mm256_loadu_ps(high), 1);
  }
  STRETTO_LANES_INLINE void store_low(float* to, F x) { _mm256_storeu_ps(to, _mm512_castps512_ps256(x)); }
  STRETTO_LANES_INLINE void store_high(float* to, F x) { _mm256_storeu_ps(to, _mm512_extractf32x8_ps(x, 1)); }

  /// Bytes from 0 to 255.
  STRETTO_LANES_INLINE I widen(__m128i bytes) { return _mm512_cvtepu8_epi32(bytes); }
  /// The low byte of each lane.
  STRETTO_LANES_INLINE __m128i bytes(I x) { return _mm512_cvtepi32_epi8(x); }
  STRETTO_LANES_INLINE I add(I a, I b) { return _mm512_add_epi32(a, b); }
  STRETTO_LANES_INLINE I sub(I a, I b) { return _mm512_sub_epi32(a, b); }
  STRETTO_LANES_INLINE F real(I x) { return _mm512_cvtepi32_ps(x); }
  STRETTO_LANES_INLINE F add(F a, F b) { return _mm512_add_ps(a, b); }
  STRETTO_LANES_INLINE F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  STRETTO_LANES_INLINE F div(F a, F b) { return _mm512_div_ps(a, b); }
  /// The second argument where either is not a number.
  STRETTO_LANES_INLINE F max(F a, F b) { return _mm512_max_ps(a, b); }
  /// Zero where x is not a number.
  STRETTO_LANES_INLINE F numbers(F x) { return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, x, _CMP_ORD_Q), x); }
  /// The integers nearest to x within least … most, ties to even; `least` where x is not a number.
  STRETTO_LANES_INLINE I round(F x, F least, F most) {
    return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(x, least), most));
  }
  STRETTO_LANES_INLINE F gather(const float* table, I at) { return _mm512_i32gather_ps(at, table, 4); }

  /// `count` of 64 bytes at `x`, each replaced by the table's entry: sixteen shuffles of sixteen entries each.
  static constexpr int kTableBytes = 64;
  STRETTO_LANES_INLINE void look_up(const uint8_t* table, uint8_t* x) {
    const __m512i at = _mm512_loadu_si512(x);
    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(at, 4), _mm512_set1_epi8(15));
    const __m512i low = _mm512_and_si512(at, _mm512_set1_epi8(15));
    __m512i found = _mm512_setzero_si512();
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      const __m512i part = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table + i * 16)));
      const __mmask64 here = _mm512_cmpeq_epi8_mask(high, _mm512_set1_epi8(static_cast<char>(i)));
      found = _mm512_mask_shuffle_epi8(found, here, part, low);
    }
    _mm512_storeu_si512(x, found);
  }

  /// Weights of 16 columns and kGroup steps of k, for `dot`.
  static constexpr int kGroup = 2, kRows = 4, kBlocks = 4;
  using Weights = __m512i;
  STRETTO_LANES_INLINE Weights load_weights(const int8_t* w) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)));
  }
  STRETTO_LANES_INLINE __m512i spread(const uint8_t* a) {
    return _mm512_set1_epi32(a[0] | a[1] << 16);
  }
  STRETTO_LANES_INLINE I dot(I sum, __m512i a, Weights w) {
    return _mm512_add_epi32(sum, _mm512_madd_epi16(w, a));
  }
};

}  // namespace
}  // namespace stretto::kernels::avx512_integer
