// A group of several products, or of a product and a pool, taken apart: each part is a problem that other tactics take.
#pragma once

#include "tactics/problem.h"

namespace stretto::kernels {

/// Nodes begin…end of `whole`; what comes from other parts or goes to them lies in blocks of `width` channels. Operands
/// keep their order.
Problem part_of(const Problem& whole, size_t begin, size_t end, int width);

}  // namespace stretto::kernels
