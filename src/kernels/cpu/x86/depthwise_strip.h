// Integer depthwise convolution of 3×3 by strides of 1 or 2, with requantize [+ lookup], on bytes in Layout::c16; a row
// of conv_integer_table.cc.
#pragma once

#include "kernels/cpu/x86/depthwise_strip_params.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

struct DepthwiseStrip {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
