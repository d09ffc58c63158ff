// What integer convolutions, plain and transposed, share when they are booked and packed.
#pragma once

#include "kernels/cpu/x86/conv_integer_params.h"
#include "kernels/cpu/x86/integer_isa.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

/// Where one weight is found: weight(o, c, y, x) = data[o·oc + c·ic + y·row + x·column].
struct ByteView {
  const int8_t* data = nullptr;
  int64_t oc = 0, ic = 0, row = 0, column = 0;
  int at(int64_t o, int64_t c, int64_t y, int64_t x) const { return data[o * oc + c * ic + y * row + x * column]; }
};

/// What the integer convolutions of node 0 have in common: types, layouts, constants, sizes, the epilogue.
Refusal check_integer_conv(const Problem& problem, IntegerIsa isa);
/// Fills in batch, places in src, dst and what is packed, and the epilogue; `p` has its shapes and passes but for
/// ConvIntegerPass::bias and ::weights, which this sets. `stride_y`, `stride_x`: of one pass in dst.
void place_integer_conv(const Problem& problem, IntegerIsa isa, int stride_y, int stride_x, ConvIntegerParams& p);
Booking book_integer_conv(const ConvIntegerParams& p);

/// Packs one group of one pass for the register tile and takes zero · Σ weights from its biases.
void pack_integer_pass(const ConvIntegerParams& p, IntegerIsa isa, const IntegerPass& pass, const ByteView& view,
                       int oc, int ic, int32_t* biases, std::byte* weights);

}  // namespace stretto::kernels
