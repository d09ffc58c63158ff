// Where the elements of a tensor lie, for code that runs on a GPU and, in
// tests, on the host: plain structs and functions of indices. Tensors here have
// fewer than 2^31 stored elements, all of them f32 values, stored as f32 or
// f16.
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
