// Inside quantize/: the Cholesky factor of a symmetric matrix, in f32.
#pragma once

#include <cstdint>

namespace stretto::quantize {

/// a[n, n] = L·Lᵀ: reads the lower triangle, leaves L there, and anything above it. False where the matrix is not
/// positive definite in f32. The same to the bit for any number of threads.
bool cholesky(float* a, int64_t n, int threads);

}  // namespace stretto::quantize
