// Sixteen channels at once, with the dot product of AVX512-VNNI.
#pragma once

#include "kernels/cpu/x86/avx512_integer/lanes.h"

namespace stretto::kernels::avx512_vnni {
namespace {

struct Lanes : avx512_integer::Lanes {
  static constexpr int kGroup = 4;
  STRETTO_LANES_INLINE Weights load_weights(const int8_t* w) { return _mm512_loadu_si512(w); }
  STRETTO_LANES_INLINE __m512i spread(const uint8_t* a) {
    int32_t four;
    std::memcpy(&four, a, sizeof four);
    return _mm512_set1_epi32(four);
  }
  STRETTO_LANES_INLINE I dot(I sum, __m512i a, Weights w) { return _mm512_dpbusd_epi32(sum, a, w); }
};

}  // namespace
}  // namespace stretto::kernels::avx512_vnni
