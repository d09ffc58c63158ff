// What becomes of a sum on Hopper's kernels: + bias, kept within bounds, + another tensor, kept within bounds.
#pragma once

#include "kernels/cuda/chunk.h"

namespace stretto {
struct Problem;
}

namespace stretto::kernels::cuda::hopper {

/// low ≤ 0 ≤ high, so that lanes of padding, which are zero, stay so. A NaN stays one.
struct Bounds {
  float low, high;
  STRETTO_BOTH float keep(float v) const {
#if defined(__CUDA_ARCH__)
    asm("max.NaN.f32 %0, %0, %1;" : "+f"(v) : "f"(low));
    asm("min.NaN.f32 %0, %0, %1;" : "+f"(v) : "f"(high));
    return v;
#else
    v = v < low ? low : v;
    return v > high ? high : v;
#endif
  }
};

struct Epilogue {
  Bounds first, second;
  int32_t other;  // which input of the step is added; −1: none
  STRETTO_BOTH float apply(float sum, float bias, float added) const {
    return second.keep(first.keep(sum + bias) + added);
  }
};

/// Whether what follows node 0 is of that kind.
bool has_bounded_epilogue(const Problem &problem);
/// Precondition: has_bounded_epilogue(problem).
Epilogue epilogue_of(const Problem &problem);

}  // namespace stretto::kernels::cuda::hopper
