// AVX-512 VNNI: four products of bytes at once.
#pragma once

#include "kernels/cpu/x86/avx512_integer/product_vec.h"

namespace stretto::kernels::avx512_vnni {
namespace {

struct ProductVec : avx512_integer::Epilogue {
  static constexpr ptrdiff_t weight_bytes = 64;  // of 4 channels and 16 outputs
  using Source = T;
  using Weights = T;
  STRETTO_INLINE Source source(const uint8_t* p) { return four_bytes(p); }
  STRETTO_INLINE Weights weights(const std::byte* p, int n) { return _mm512_loadu_si512(p + n * weight_bytes); }
  STRETTO_INLINE T dot(T sum, Source x, Weights w) { return _mm512_dpbusd_epi32(sum, x, w); }
  static constexpr int rows = 4;
  /// Four rows of pixels at `tap`, interleaved: four channels of every pixel in each.
  STRETTO_INLINE void columns(const uint8_t* const (&row)[rows], ptrdiff_t tap, T (&out)[4]) {
    const T a = load_pixels(row[0] + tap), b = load_pixels(row[1] + tap);
    const T c = load_pixels(row[2] + tap), d = load_pixels(row[3] + tap);
    const T ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
    const T cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
    out[0] = _mm512_unpacklo_epi16(ab_low, cd_low);
    out[1] = _mm512_unpackhi_epi16(ab_low, cd_low);
    out[2] = _mm512_unpacklo_epi16(ab_high, cd_high);
    out[3] = _mm512_unpackhi_epi16(ab_high, cd_high);
  }
  STRETTO_INLINE T dot_columns(T sum, T columns, const std::byte* w) {
    return _mm512_dpbusd_epi32(sum, columns, load_four(reinterpret_cast<const int32_t*>(w)));
  }
};

}  // namespace
}  // namespace stretto::kernels::avx512_vnni
