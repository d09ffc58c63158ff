// One AVX512-FP16 vector of 32 f16, as the loops see it. Included by fp16/*.cc alone.
#pragma once

#include "kernels/cpu/x86/avx512/half_vec.h"

namespace stretto::kernels::avx512_fp16 {
namespace {

struct HalfVec {
  static constexpr int width = 32;
  using Element = uint16_t;
  using Wide = avx512::WideVec;
  using T = __m512h;
  STRETTO_INLINE T zero() { return _mm512_setzero_ph(); }
  STRETTO_INLINE T set(float x) { return _mm512_set1_ph(static_cast<_Float16>(x)); }
  STRETTO_INLINE T load(const uint16_t* p) { return _mm512_loadu_ph(p); }
  STRETTO_INLINE void store(uint16_t* p, T x) { _mm512_storeu_ph(p, x); }
  /// p[0], p[1], p[0], p[1], …
  STRETTO_INLINE T broadcast_pair(const uint16_t* p) {
    int32_t pair;
    std::memcpy(&pair, p, sizeof pair);
    return _mm512_castsi512_ph(_mm512_set1_epi32(pair));
  }
  STRETTO_INLINE T add(T a, T b) { return _mm512_add_ph(a, b); }
  STRETTO_INLINE T sub(T a, T b) { return _mm512_sub_ph(a, b); }
  /// a·b + c
  STRETTO_INLINE T fma(T a, T b, T c) { return _mm512_fmadd_ph(a, b, c); }
  /// The sums of a register tile, added to in their own registers: the compiler's choice of forms moves them about and
  /// spills some.
  using Sum = __m512i;
  STRETTO_INLINE Sum no_sum() { return _mm512_setzero_si512(); }
  /// sum += a·b
  STRETTO_INLINE void accumulate(Sum& sum, T a, T b) { asm("vfmadd231ph %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b)); }
  /// The second argument where either is NaN.
  STRETTO_INLINE T max(T a, T b) { return _mm512_max_ph(a, b); }
  STRETTO_INLINE T min(T a, T b) { return _mm512_min_ph(a, b); }
  STRETTO_INLINE T from_bits(__m512i x) { return _mm512_castsi512_ph(x); }
  /// From here on the compiler sees it anew: else it keeps a copy for every mode that it is used in.
  STRETTO_INLINE __m512i bits(Sum x) {
    asm("" : "+v"(x));
    return x;
  }
};

}  // namespace
}  // namespace stretto::kernels::avx512_fp16
