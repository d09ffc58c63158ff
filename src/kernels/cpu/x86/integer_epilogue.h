// What x86 tactics of integer products take after the product: requantize [+ lookup], or dequantize.
#pragma once

#include "kernels/cpu/x86/integer_epilogue_params.h"
#include "kernels/cpu/x86/integer_isa.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

/// Node 0 makes sums; the rest stores them, bytes in Layout::c16, floats as float_layout(isa).
Refusal check_integer_epilogue(const Problem& problem, IntegerIsa isa);
/// For a problem that check_integer_epilogue takes.
IntegerEpilogueParams integer_epilogue_params(const Problem& problem);

/// Writes at `biases` those of the product less what the epilogue's zero point takes away, modulo 2^32; `channels` of
/// them, zeros up to `padded`.
void pack_integer_biases(const Problem& problem, std::span<const Tensor> constants, int64_t channels, int64_t padded,
                         int32_t* biases);
/// Writes a scale for each of `channels`, zeros up to `padded`, and the table where there is one.
void pack_integer_epilogue(const Problem& problem, std::span<const Tensor> constants, int64_t channels, int64_t padded,
                           float* scales, std::byte* table);

}  // namespace stretto::kernels
