// One AVX2 vector of floats, as the loops see it. Included by avx2/*.cc alone.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace stretto::kernels::avx2 {
namespace {

#define STRETTO_INLINE [[gnu::always_inline]] static inline

struct Vec {
  static constexpr int width = 8;
  using Element = float;  // in memory
  using Wide = Vec;       // for what is computed once for each element
  using T = __m256;
  STRETTO_INLINE T zero() { return _mm256_setzero_ps(); }
  STRETTO_INLINE T set(float x) { return _mm256_set1_ps(x); }
  STRETTO_INLINE T load(const float* p) { return _mm256_loadu_ps(p); }
  STRETTO_INLINE T load(const uint16_t* half) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(half)));
  }
  STRETTO_INLINE T broadcast(const float* p) { return _mm256_broadcast_ss(p); }
  STRETTO_INLINE float first(const float* p) { return *p; }
  STRETTO_INLINE void store(float* p, T x) { _mm256_storeu_ps(p, x); }
  /// The first `n` lanes; the others read as zero.
  STRETTO_INLINE T load_part(const float* p, int n) { return _mm256_maskload_ps(p, mask(n)); }
  STRETTO_INLINE void store_part(float* p, T x, int n) { _mm256_maskstore_ps(p, mask(n), x); }
  STRETTO_INLINE T keep(T x, int n) { return _mm256_and_ps(x, _mm256_castsi256_ps(mask(n))); }
  STRETTO_INLINE T add(T a, T b) { return _mm256_add_ps(a, b); }
  STRETTO_INLINE T sub(T a, T b) { return _mm256_sub_ps(a, b); }
  STRETTO_INLINE T mul(T a, T b) { return _mm256_mul_ps(a, b); }
  STRETTO_INLINE T div(T a, T b) { return _mm256_div_ps(a, b); }
  /// a·b + c
  STRETTO_INLINE T fma(T a, T b, T c) { return _mm256_fmadd_ps(a, b, c); }
  /// The second argument where either is NaN.
  STRETTO_INLINE T max(T a, T b) { return _mm256_max_ps(a, b); }
  STRETTO_INLINE T min(T a, T b) { return _mm256_min_ps(a, b); }
  STRETTO_INLINE T sqrt(T x) { return _mm256_sqrt_ps(x); }
  STRETTO_INLINE T abs(T x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
  STRETTO_INLINE T round(T x) { return _mm256_round_ps(x, 8); }
  /// x < 0 ? a : b
  STRETTO_INLINE T if_negative(T x, T a, T b) {
    return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
  }
  /// |x| < limit ? a : b
  STRETTO_INLINE T if_below(T x, T limit, T a, T b) {
    return _mm256_blendv_ps(b, a, _mm256_cmp_ps(abs(x), limit, _CMP_LT_OQ));
  }
  /// x · 2^n for whole n in −252…252: two steps, so that the results may be subnormal or infinite.
  STRETTO_INLINE T scale2(T x, T n) {
    const __m256i whole = _mm256_cvtps_epi32(n);
    const __m256i half = _mm256_srai_epi32(whole, 1);
    return mul(mul(x, power(half)), power(_mm256_sub_epi32(whole, half)));
  }
  /// 8 × 8 floats, rows become columns.
  STRETTO_INLINE void transpose(T (&r)[8]) {
    T a[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
      a[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
      a[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
      r[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
      r[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
      r[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
      r[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const T x = r[i], y = r[i + 4];
      r[i] = _mm256_permute2f128_ps(x, y, 0x20);
      r[i + 4] = _mm256_permute2f128_ps(x, y, 0x31);
    }
  }
  /// Lanes `from` of src where the mask has a bit, else `into`.
  STRETTO_INLINE T pick(T into, uint32_t lanes, const int32_t* from, T src) {
    const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i set = _mm256_and_si256(_mm256_set1_epi32(static_cast<int>(lanes)), bits);
    const __m256i index = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return _mm256_blendv_ps(into, _mm256_permutevar8x32_ps(src, index),
                            _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, bits)));
  }

 private:
  STRETTO_INLINE __m256i mask(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  STRETTO_INLINE T power(__m256i n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
  }
};

}  // namespace
}  // namespace stretto::kernels::avx2
