// Where the elements of a tensor lie, for code that runs on a GPU and, in
// tests, on the host: plain structs and functions of indices. Tensors here have
// fewer than 2^31 stored elements: f32 values, stored as f32 or f16, or integers.
#pragma once

#include <cstdint>

#include "base/half.h"
#include "device/task.h"

#if defined(__CUDACC__)
#include <cuda_fp16.h>
#define STRETTO_BOTH __host__ __device__
#define STRETTO_CALLED __noinline__
#else
#define STRETTO_BOTH
#define STRETTO_CALLED [[maybe_unused]]
#endif

namespace stretto::kernels::cuda {

STRETTO_BOTH inline float load(const void *data, bool half, uint32_t at) {
  if (!half) return static_cast<const float *>(data)[at];
#if defined(__CUDA_ARCH__)
  return __half2float(static_cast<const __half *>(data)[at]);
#else
  return f16_to_float(static_cast<const uint16_t *>(data)[at]);
#endif
}

STRETTO_BOTH inline void store(void *data, bool half, uint32_t at, float value) {
  if (!half) {
    static_cast<float *>(data)[at] = value;
    return;
  }
#if defined(__CUDA_ARCH__)
  static_cast<__half *>(data)[at] = __float2half_rn(value);
#else
  static_cast<uint16_t *>(data)[at] = f16_from_float(value);
#endif
}

/// What an element is stored as.
enum class Element : uint8_t { f32, f16, i32, u8, i8 };

STRETTO_BOTH constexpr uint32_t size_of(Element e) {
  return e == Element::u8 || e == Element::i8 ? 1 : e == Element::f16 ? 2 : 4;
}
/// An element that is an integer.
STRETTO_BOTH inline int32_t load_integer(const void *data, Element e, uint32_t at) {
  if (e == Element::u8) return static_cast<const uint8_t *>(data)[at];
  if (e == Element::i8) return static_cast<const int8_t *>(data)[at];
  return static_cast<const int32_t *>(data)[at];
}
/// A copy of an element; reals may be rounded to f16 or widened from it, others stay as they are.
STRETTO_BOTH inline void copy_element(const void *from, Element as, uint32_t at, void *to, Element stored,
                                      uint32_t place) {
  if (size_of(as) == 1) {
    static_cast<uint8_t *>(to)[place] = static_cast<const uint8_t *>(from)[at];
  } else {
    store(to, stored == Element::f16, place, load(from, as == Element::f16, at));
  }
}
STRETTO_BOTH inline void clear_element(void *to, Element stored, uint32_t place) {
  if (size_of(stored) == 1) {
    static_cast<uint8_t *>(to)[place] = 0;
  } else {
    store(to, stored == Element::f16, place, 0.0f);
  }
}

/// A tensor of rank 4: elements to move for one more along each axis.
struct Strides4 {
  uint32_t n, c, h, w;
  STRETTO_BOTH uint32_t at(uint32_t in, uint32_t ic, uint32_t ih, uint32_t iw) const {
    return in * n + ic * c + ih * h + iw * w;
  }
};

struct Point4 {
  uint32_t n, c, h, w;
};

/// The order in which a tensor of rank 4 lies: plain, or channels last and
/// rounded up.
struct Order4 {
  uint32_t c, h, w;   // sizes
  uint32_t stored_c;  // ≥ c; 0: plain
  uint32_t total;     // elements of storage

  /// The coordinates of storage element `i`; with c ≥ the number of channels in
  /// padding lanes.
  STRETTO_BOTH Point4 point(uint32_t i) const {
    Point4 p;
    if (stored_c == 0) {
      p.w = i % w, i /= w;
      p.h = i % h, i /= h;
      p.c = i % c, p.n = i / c;
    } else {
      p.c = i % stored_c, i /= stored_c;
      p.w = i % w, i /= w;
      p.h = i % h, p.n = i / h;
    }
    return p;
  }
};

/// Padding lanes of channels last: element i of storage is one if i % stored ≥
/// real. Where there are none: 1 and 1.
struct Lanes {
  uint32_t stored, real;
  STRETTO_BOTH bool is_padding(uint32_t i) const { return stored != real && i % stored >= real; }
};

/// Where an operand of a step lies: one of its inputs, or an offset into its
/// packed weights.
struct Place {
  int32_t input;  // −1: none
  uint64_t offset;
  const void *of(const StepArgs &args) const {
    return input >= 0 ? args.src[input] : static_cast<const void *>(args.weights + offset);
  }
};

inline constexpr int kMaxWalk = 8;

/// Sizes by axis, outermost first, and the elements to move in another tensor
/// for one more along each.
struct Walk {
  uint32_t rank, base;
  uint32_t size[kMaxWalk];
  int32_t step[kMaxWalk];

  /// Where the walk's element `i` lies in the other tensor.
  STRETTO_BOTH uint32_t at(uint32_t i) const {
    uint32_t offset = base;
    for (uint32_t k = rank; k-- > 0; i /= size[k]) offset += (i % size[k]) * static_cast<uint32_t>(step[k]);
    return offset;
  }
};

}  // namespace stretto::kernels::cuda
