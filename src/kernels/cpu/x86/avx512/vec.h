// One AVX-512 vector of floats, as the loops see it. Included by avx512/*.cc alone.
#pragma once

// g++ 12 warns of the undefined vectors inside its own intrinsics.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace stretto::kernels::avx512 {
namespace {

#define STRETTO_INLINE [[gnu::always_inline]] static inline

struct Vec {
  static constexpr int width = 16;
  using Element = float;  // in memory
  using Wide = Vec;       // for what is computed once for each element
  using T = __m512;
  STRETTO_INLINE T zero() { return _mm512_setzero_ps(); }
  STRETTO_INLINE T set(float x) { return _mm512_set1_ps(x); }
  STRETTO_INLINE T load(const float* p) { return _mm512_loadu_ps(p); }
  STRETTO_INLINE T load(const uint16_t* half) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(half)));
  }
  STRETTO_INLINE T broadcast(const float* p) { return _mm512_set1_ps(*p); }
  STRETTO_INLINE float first(const float* p) { return *p; }
  STRETTO_INLINE void store(float* p, T x) { _mm512_storeu_ps(p, x); }
  STRETTO_INLINE void store(uint16_t* half, T x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(half), _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
  }
  /// The first `n` lanes; the others read as zero.
  STRETTO_INLINE T load_part(const float* p, int n) { return _mm512_maskz_loadu_ps(mask(n), p); }
  STRETTO_INLINE void store_part(float* p, T x, int n) { _mm512_mask_storeu_ps(p, mask(n), x); }
  STRETTO_INLINE T keep(T x, int n) { return _mm512_maskz_mov_ps(mask(n), x); }
  STRETTO_INLINE T add(T a, T b) { return _mm512_add_ps(a, b); }
  STRETTO_INLINE T sub(T a, T b) { return _mm512_sub_ps(a, b); }
  STRETTO_INLINE T mul(T a, T b) { return _mm512_mul_ps(a, b); }
  STRETTO_INLINE T div(T a, T b) { return _mm512_div_ps(a, b); }
  /// a·b + c
  STRETTO_INLINE T fma(T a, T b, T c) { return _mm512_fmadd_ps(a, b, c); }
  /// The second argument where either is NaN.
  STRETTO_INLINE T max(T a, T b) { return _mm512_max_ps(a, b); }
  STRETTO_INLINE T min(T a, T b) { return _mm512_min_ps(a, b); }
  STRETTO_INLINE T sqrt(T x) { return _mm512_sqrt_ps(x); }
  STRETTO_INLINE T abs(T x) { return _mm512_abs_ps(x); }
  STRETTO_INLINE T round(T x) { return _mm512_roundscale_ps(x, 8); }
  /// x < 0 ? a : b
  STRETTO_INLINE T if_negative(T x, T a, T b) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), b, a);
  }
  /// |x| < limit ? a : b
  STRETTO_INLINE T if_below(T x, T limit, T a, T b) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(_mm512_abs_ps(x), limit, _CMP_LT_OQ), b, a);
  }
  /// x · 2^n for whole n
  STRETTO_INLINE T scale2(T x, T n) { return _mm512_scalef_ps(x, n); }
  /// 16 × 16 floats, rows become columns.
  STRETTO_INLINE void transpose(T (&r)[16]) {
    T a[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
      a[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
      a[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
      r[i] = pairs_low(a[i], a[i + 2]);
      r[i + 1] = pairs_high(a[i], a[i + 2]);
      r[i + 2] = pairs_low(a[i + 1], a[i + 3]);
      r[i + 3] = pairs_high(a[i + 1], a[i + 3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const T x = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88), y = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
      const T z = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88), w = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
      r[i] = _mm512_shuffle_f32x4(x, z, 0x88);
      r[i + 4] = _mm512_shuffle_f32x4(y, w, 0x88);
      r[i + 8] = _mm512_shuffle_f32x4(x, z, 0xdd);
      r[i + 12] = _mm512_shuffle_f32x4(y, w, 0xdd);
    }
  }
  /// Lanes `from` of src where the mask has a bit, else `into`.
  STRETTO_INLINE T pick(T into, uint32_t lanes, const int32_t* from, T src) {
    return _mm512_mask_permutexvar_ps(into, static_cast<__mmask16>(lanes), _mm512_loadu_si512(from), src);
  }

 private:
  STRETTO_INLINE T pairs_low(T a, T b) {
    return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
  }
  STRETTO_INLINE T pairs_high(T a, T b) {
    return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
  }
  STRETTO_INLINE __mmask16 mask(int n) {
    return static_cast<__mmask16>((1u << n) - 1u);
  }
};

}  // namespace
}  // namespace stretto::kernels::avx512
