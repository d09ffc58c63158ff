// Sixteen channels at once, with the dot product of AVX-VNNI.
#pragma once

#include "kernels/cpu/x86/avx2_integer/lanes.h"

namespace stretto::kernels::avx_vnni {
namespace {

struct Lanes : avx2_integer::Lanes {
  static constexpr int kGroup = 4;
  STRETTO_LANES_INLINE Weights load_weights(const int8_t* w) {
    const auto* from = reinterpret_cast<const __m256i*>(w);
    return {_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
  }
  STRETTO_LANES_INLINE __m256i spread(const uint8_t* a) {
    int32_t four;
    std::memcpy(&four, a, sizeof four);
    return _mm256_set1_epi32(four);
  }
  STRETTO_LANES_INLINE I dot(I sum, __m256i a, Weights w) {
    return {_mm256_dpbusd_avx_epi32(sum.a, a, w.a), _mm256_dpbusd_avx_epi32(sum.b, a, w.b)};
  }
};

}  // namespace
}  // namespace stretto::kernels::avx_vnni
