// One element of any type to and from double or int64, as casts define it.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace stretto::kernels::generic {

/// NaN gives 0; values out of range the nearest end.
int64_t to_integer(double value);
/// out[0 … n) from elements of a floating-point type.
void read_reals(DType dtype, const void* src, int64_t first, int64_t n, double* out);
/// out[0 … n) from elements of an integer type or boolean; u64 keeps its bits.
void read_integers(DType dtype, const void* src, int64_t first, int64_t n, int64_t* out);
/// Rounds to nearest even. `dtype` is a floating-point type.
void write_reals(DType dtype, const double* values, int64_t n, void* dst, int64_t first);
/// Wraps; a boolean is value ≠ 0. `dtype` is an integer type or boolean.
void write_integers(DType dtype, const int64_t* values, int64_t n, void* dst, int64_t first);

}  // namespace stretto::kernels::generic
