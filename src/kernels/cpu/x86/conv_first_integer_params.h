// A first convolution that quantises its own source, as numbers for the loops.
#pragma once

#include "kernels/cpu/x86/conv_integer_params.h"
#include "kernels/cpu/x86/rescale_integer_params.h"

namespace stretto::kernels {

inline constexpr int kMostFirstChannels = 4;

/// The convolution of bytes, packed as it, whose source is up to four planes of plain real numbers: `quantize` says how
/// they become bytes.
struct ConvFirstIntegerParams {
  ConvIntegerParams conv;
  RescaleParams quantize;
  int32_t channels = 1;
};

namespace avx512_vnni {
void conv_first_integer(const StepArgs& args, TaskId id);
}  // namespace avx512_vnni

}  // namespace stretto::kernels
