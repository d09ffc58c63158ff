// Quantisation of a picture and its first convolution in one step: real numbers, plain, of at most four channels to
// bytes in Layout::c16. A row of conv_integer_table.cc.
#pragma once

#include "kernels/cpu/x86/conv_first_integer_params.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

struct ConvFirstInteger {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
