// 32 values that lie in memory as f16 and are computed in f32: two vectors. Included by fp16/*.cc and
// fp16_emulated/*.cc alone; needs no more than AVX-512.
#pragma once

#include <cstring>

#include "kernels/cpu/x86/avx512/vec.h"

namespace stretto::kernels::avx512 {
namespace {

/// 16 of the 32 values of a block, the others being 16 further on: for loops that would need too many registers.
struct PartVec : Vec {
  static constexpr int width = 32;
  using Element = uint16_t;
  using Wide = PartVec;
};

struct WideVec {
  static constexpr int width = 32;
  using Element = uint16_t;
  using Wide = WideVec;
  using Part = PartVec;
  struct T {
    __m512 low, high;
  };
  STRETTO_INLINE T zero() { return set(0); }
  STRETTO_INLINE T set(float x) { return {Vec::set(x), Vec::set(x)}; }
  STRETTO_INLINE T load(const float* p) { return {Vec::load(p), Vec::load(p + 16)}; }
  STRETTO_INLINE T load(const uint16_t* p) { return {Vec::load(p), Vec::load(p + 16)}; }
  STRETTO_INLINE T broadcast(const float* p) { return set(*p); }
  STRETTO_INLINE float first(const uint16_t* p) { return _cvtsh_ss(*p); }
  STRETTO_INLINE void store(float* p, T x) {
    Vec::store(p, x.low);
    Vec::store(p + 16, x.high);
  }
  STRETTO_INLINE void store(uint16_t* p, T x) {
    Vec::store(p, x.low);
    Vec::store(p + 16, x.high);
  }
  /// The first `n` lanes; the others read as zero.
  STRETTO_INLINE T load_part(const float* p, int n) {
    return {_mm512_maskz_loadu_ps(mask_low(n), p), _mm512_maskz_loadu_ps(mask_high(n), p + 16)};
  }
  STRETTO_INLINE void store_part(float* p, T x, int n) {
    _mm512_mask_storeu_ps(p, mask_low(n), x.low);
    _mm512_mask_storeu_ps(p + 16, mask_high(n), x.high);
  }
  STRETTO_INLINE T keep(T x, int n) {
    return {_mm512_maskz_mov_ps(mask_low(n), x.low), _mm512_maskz_mov_ps(mask_high(n), x.high)};
  }
  STRETTO_INLINE T add(T a, T b) { return {Vec::add(a.low, b.low), Vec::add(a.high, b.high)}; }
  STRETTO_INLINE T sub(T a, T b) { return {Vec::sub(a.low, b.low), Vec::sub(a.high, b.high)}; }
  STRETTO_INLINE T mul(T a, T b) { return {Vec::mul(a.low, b.low), Vec::mul(a.high, b.high)}; }
  STRETTO_INLINE T div(T a, T b) { return {Vec::div(a.low, b.low), Vec::div(a.high, b.high)}; }
  STRETTO_INLINE T fma(T a, T b, T c) { return {Vec::fma(a.low, b.low, c.low), Vec::fma(a.high, b.high, c.high)}; }
  STRETTO_INLINE T max(T a, T b) { return {Vec::max(a.low, b.low), Vec::max(a.high, b.high)}; }
  STRETTO_INLINE T min(T a, T b) { return {Vec::min(a.low, b.low), Vec::min(a.high, b.high)}; }
  STRETTO_INLINE T sqrt(T x) { return {Vec::sqrt(x.low), Vec::sqrt(x.high)}; }
  STRETTO_INLINE T abs(T x) { return {Vec::abs(x.low), Vec::abs(x.high)}; }
  STRETTO_INLINE T round(T x) { return {Vec::round(x.low), Vec::round(x.high)}; }
  STRETTO_INLINE T if_negative(T x, T a, T b) {
    return {Vec::if_negative(x.low, a.low, b.low), Vec::if_negative(x.high, a.high, b.high)};
  }
  STRETTO_INLINE T if_below(T x, T limit, T a, T b) {
    return {Vec::if_below(x.low, limit.low, a.low, b.low), Vec::if_below(x.high, limit.high, a.high, b.high)};
  }
  STRETTO_INLINE T scale2(T x, T n) { return {Vec::scale2(x.low, n.low), Vec::scale2(x.high, n.high)}; }

 private:
  STRETTO_INLINE __mmask16 mask_low(int n) { return n >= 16 ? 0xffff : static_cast<__mmask16>((1u << n) - 1u); }
  STRETTO_INLINE __mmask16 mask_high(int n) { return n <= 16 ? 0 : mask_low(n - 16); }
};

/// 32 values of 16 bits that are only moved.
struct MovedVec {
  static constexpr int width = 32;
  using Element = uint16_t;
  using T = __m512i;
  STRETTO_INLINE T zero() { return _mm512_setzero_si512(); }
  STRETTO_INLINE T load(const uint16_t* p) { return _mm512_loadu_si512(p); }
  STRETTO_INLINE void store(uint16_t* p, T x) { _mm512_storeu_si512(p, x); }
  /// Lanes `from` (32 int16_t) of src where the mask has a bit, else `into`.
  STRETTO_INLINE T pick(T into, uint32_t lanes, const int32_t* from, T src) {
    return _mm512_mask_permutexvar_epi16(into, lanes, _mm512_loadu_si512(from), src);
  }
};

/// For a vector V of 32 f16: a[0] + a[1], b[0] + b[1], a[2] + a[3], b[2] + b[3], …
template <class V>
STRETTO_INLINE typename V::T add_pairs(typename V::Sum a, typename V::Sum b) {
  const __m512i x = V::bits(a), y = V::bits(b);
  const __m512i first = _mm512_mask_blend_epi16(0xaaaaaaaa, x, _mm512_slli_epi32(y, 16));
  const __m512i second = _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(x, 16), y);
  return V::add(V::from_bits(first), V::from_bits(second));
}

}  // namespace
}  // namespace stretto::kernels::avx512
