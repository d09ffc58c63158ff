// What AVX512-FP16 computes, done by AVX-512 in f32 and rounded after every operation: for tests on processors without
// it. Included by fp16_emulated/*.cc alone.
#pragma once

#include "kernels/cpu/x86/avx512/half_vec.h"

namespace stretto::kernels::fp16_emulated {
namespace {

struct HalfVec {
  static constexpr int width = 32;
  using Element = uint16_t;
  using Wide = avx512::WideVec;
  using T = Wide::T;  // values that f16 has
  STRETTO_INLINE T zero() { return Wide::zero(); }
  STRETTO_INLINE T set(float x) { return rounded(Wide::set(x)); }
  STRETTO_INLINE T load(const uint16_t* p) { return Wide::load(p); }
  STRETTO_INLINE void store(uint16_t* p, T x) { Wide::store(p, x); }
  STRETTO_INLINE T broadcast_pair(const uint16_t* p) {
    int32_t pair;
    std::memcpy(&pair, p, sizeof pair);
    return from_bits(_mm512_set1_epi32(pair));
  }
  STRETTO_INLINE T add(T a, T b) { return rounded(Wide::add(a, b)); }
  STRETTO_INLINE T sub(T a, T b) { return rounded(Wide::sub(a, b)); }
  STRETTO_INLINE T fma(T a, T b, T c) { return rounded(Wide::fma(a, b, c)); }
  using Sum = T;
  STRETTO_INLINE Sum no_sum() { return zero(); }
  STRETTO_INLINE void accumulate(Sum& sum, T a, T b) { sum = fma(a, b, sum); }
  STRETTO_INLINE T max(T a, T b) { return Wide::max(a, b); }
  STRETTO_INLINE T min(T a, T b) { return Wide::min(a, b); }
  STRETTO_INLINE T from_bits(__m512i x) {
    return {_mm512_cvtph_ps(_mm512_castsi512_si256(x)), _mm512_cvtph_ps(_mm512_extracti64x4_epi64(x, 1))};
  }
  STRETTO_INLINE __m512i bits(T x) {
    const __m256i low = _mm512_cvtps_ph(x.low, _MM_FROUND_TO_NEAREST_INT);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), _mm512_cvtps_ph(x.high, _MM_FROUND_TO_NEAREST_INT), 1);
  }

 private:
  STRETTO_INLINE T rounded(T x) { return from_bits(bits(x)); }
};

}  // namespace
}  // namespace stretto::kernels::fp16_emulated
