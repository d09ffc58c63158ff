// Eight channels at a time, and what follows a product before it is stored.
#pragma once

#include "kernels/cuda/math.h"

namespace stretto::kernels::cuda {

inline constexpr uint32_t kLanes = 8;

/// Lanes 8·chunk … of a tensor of channels last.
STRETTO_BOTH inline void load_lanes(const void *data, bool half, size_t chunk, float (&v)[kLanes]) {
#if defined(__CUDA_ARCH__)
  if (half) {
    const uint4 bits = static_cast<const uint4 *>(data)[chunk];
    const auto *pairs = reinterpret_cast<const __half2 *>(&bits);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float2 pair = __half22float2(pairs[i]);
      v[2 * i] = pair.x;
      v[2 * i + 1] = pair.y;
    }
    return;
  }
  const float4 low = static_cast<const float4 *>(data)[2 * chunk],
               high = static_cast<const float4 *>(data)[2 * chunk + 1];
  v[0] = low.x, v[1] = low.y, v[2] = low.z, v[3] = low.w;
  v[4] = high.x, v[5] = high.y, v[6] = high.z, v[7] = high.w;
#else
  for (uint32_t i = 0; i < kLanes; ++i) v[i] = load(data, half, static_cast<uint32_t>(chunk * kLanes + i));
#endif
}

STRETTO_BOTH inline void store_lanes(void *data, bool half, size_t chunk, const float (&v)[kLanes]) {
#if defined(__CUDA_ARCH__)
  if (half) {
    uint4 bits;
    auto *pairs = reinterpret_cast<__half2 *>(&bits);
#pragma unroll
    for (int i = 0; i < 4; ++i) pairs[i] = __floats2half2_rn(v[2 * i], v[2 * i + 1]);
    static_cast<uint4 *>(data)[chunk] = bits;
    return;
  }
  static_cast<float4 *>(data)[2 * chunk] = {v[0], v[1], v[2], v[3]};
  static_cast<float4 *>(data)[2 * chunk + 1] = {v[4], v[5], v[6], v[7]};
#else
  for (uint32_t i = 0; i < kLanes; ++i) store(data, half, static_cast<uint32_t>(chunk * kLanes + i), v[i]);
#endif
}

/// apply_unary as a call: for what is not worth its instructions eight times
/// over.
STRETTO_CALLED static STRETTO_BOTH float apply_rare(const Function &f, float x) {
  return apply_unary(f, x);
}

/// x → act1(x) → x ∘ other → act2(x); `other` lies as the result does.
struct EpilogueParams {
  bool act1, binary, act2, other_half;
  Function first, second;
  op::BinaryKind kind;
  int32_t other;  // which input of the step

  STRETTO_BOTH float apply(float x, const void *other_data, uint32_t at) const {
    if (act1) x = apply_unary(first, x);
    if (binary) x = apply_binary(kind, x, load(other_data, other_half, at));
    if (act2) x = apply_unary(second, x);
    return x;
  }

  /// The same of eight lanes, `chunk` times eight elements into `other`. The
  /// usual ones come first, so that which one it is is asked once.
  STRETTO_BOTH void apply_lanes(float (&v)[kLanes], const void *other_data, size_t chunk) const {
    if (act1) apply_to_lanes(first, v);
    if (binary) {
      float w[kLanes];
      load_lanes(other_data, other_half, chunk, w);
      for (uint32_t k = 0; k < kLanes; ++k) v[k] = kind == op::BinaryKind::add ? v[k] + w[k] : v[k] * w[k];
    }
    if (act2) apply_to_lanes(second, v);
  }
  STRETTO_BOTH static void apply_to_lanes(const Function &f, float (&v)[kLanes]) {
    if (f.kind == op::UnaryKind::relu) {
      for (uint32_t k = 0; k < kLanes; ++k) v[k] = v[k] < 0 ? 0.0f : v[k];
    } else if (f.kind == op::UnaryKind::clip) {
      for (uint32_t k = 0; k < kLanes; ++k) v[k] = apply_unary({op::UnaryKind::clip, f.a, f.b}, v[k]);
    } else {
      for (uint32_t k = 0; k < kLanes; ++k) v[k] = apply_rare(f, v[k]);
    }
  }
};

}  // namespace stretto::kernels::cuda
