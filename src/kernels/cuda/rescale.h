// What follows an integer sum before it is stored: nothing; a dequantization; or a requantization, perhaps with another
// tensor added, and a table.
//
// The arithmetic is that of op/integer.h: every f32 step is one operation, rounded to nearest, never contracted, so
// that a GPU stores the bits that the CPU stores.
#pragma once

#include <math.h>

#include <bit>

#include "kernels/cuda/view.h"

namespace stretto::kernels::cuda {

STRETTO_BOTH inline float multiplied(float x, float y) {
#if defined(__CUDA_ARCH__)
  return __fmul_rn(x, y);
#else
  return x * y;
#endif
}
STRETTO_BOTH inline float added(float x, float y) {
#if defined(__CUDA_ARCH__)
  return __fadd_rn(x, y);
#else
  return x + y;
#endif
}
STRETTO_BOTH inline float divided(float x, float y) {
#if defined(__CUDA_ARCH__)
  return __fdiv_rn(x, y);
#else
  return x / y;
#endif
}

STRETTO_BOTH inline uint32_t bits_of(float x) {
#if defined(__CUDA_ARCH__)
  return __float_as_uint(x);
#else
  return std::bit_cast<uint32_t>(x);
#endif
}

struct RescaleParams {
  enum class Kind : int32_t { none, dequantize, requantize };
  Kind kind;
  bool per_index;  // a scale for each index of an axis, else one
  bool has_other, has_table;
  Element out, other_element;
  int32_t src_zero, other_zero, zero;
  float other_scale, slope, least, most;  // slope and clamp before rounding
  uint64_t scales, table;                 // where they lie in the packed weights
  int32_t other;                          // which input of the step; lies as the result does

  /// zero + t rounded to even, t brought to least … most; not-a-number gives `least`.
  STRETTO_BOTH int32_t rounded(float t) const {
    float v = t > least ? t : least;
    v = v < most ? v : most;
    return zero + static_cast<int32_t>(rintf(v));
  }
};

struct Rescale {
  RescaleParams p;
  const float *scales;
  const void *table;
  const void *other;
  void *dst;

  static Rescale of(const RescaleParams &p, const StepArgs &args) {
    return {p, reinterpret_cast<const float *>(args.weights + p.scales), args.weights + p.table,
            p.has_other ? args.src[p.other] : nullptr, args.dst};
  }

  /// The bits of what becomes of `sum` as element `at` of the result; `index`: of the scales.
  STRETTO_BOTH uint32_t becomes(int32_t sum, uint32_t index, uint32_t at) const {
    if (p.kind == RescaleParams::Kind::none) return static_cast<uint32_t>(sum);
    const auto difference = static_cast<int32_t>(static_cast<uint32_t>(sum) - static_cast<uint32_t>(p.src_zero));
    float t = multiplied(static_cast<float>(difference), scales[p.per_index ? index : 0]);
    if (p.kind == RescaleParams::Kind::dequantize) return bits_of(t);
    if (p.has_other) {
      const int32_t o = load_integer(other, p.other_element, at) - p.other_zero;
      t = added(t, multiplied(static_cast<float>(o), p.other_scale));
    }
    if (p.slope != 1.0f) t = t < 0 ? multiplied(t, p.slope) : t;
    return of_byte(p.rounded(t));
  }
  /// The bits of what a byte becomes: itself, or what the table makes of it.
  STRETTO_BOTH uint32_t of_byte(int32_t value) const {
    const auto byte = static_cast<uint8_t>(value);
    if (!p.has_table) return byte;
    return p.out == Element::f32 ? static_cast<const uint32_t *>(table)[byte]
                                 : static_cast<const uint8_t *>(table)[byte];
  }
  STRETTO_BOTH void store(uint32_t at, uint32_t bits) const {
    if (size_of(p.out) == 1) {
      static_cast<uint8_t *>(dst)[at] = static_cast<uint8_t>(bits);
    } else {
      static_cast<uint32_t *>(dst)[at] = bits;
    }
  }
  /// A lane of padding.
  STRETTO_BOTH void clear(uint32_t at) const { clear_element(dst, p.out, at); }
};

}  // namespace stretto::kernels::cuda
