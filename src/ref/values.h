// Inside ref/: elements of every type as Scalar.
#pragma once

#include <cstdint>

#include "ref/ref.h"

namespace stretto::ref {

Scalar load(const void* data, DType dtype, int64_t linear);
/// The low bits of `value`, as two's complement arithmetic in `dtype` would leave them; booleans become 0 or 1.
int64_t wrap(DType dtype, int64_t value);
/// Truncates towards zero and saturates to int64; not-a-number becomes 0.
int64_t to_integer(double value);
/// Cast: floating point rounds to nearest even, to integers truncates, integers wrap.
Scalar convert(DType from, DType to, Scalar value);

}  // namespace stretto::ref
