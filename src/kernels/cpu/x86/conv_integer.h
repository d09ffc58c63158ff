// Integer convolutions with an epilogue on bytes in Layout::c16; rows of conv_integer_table.cc.
#pragma once

#include "kernels/cpu/x86/conv_integer_params.h"
#include "kernels/cpu/x86/integer_isa.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

/// For a problem that ConvolutionInteger takes; the split is not filled in.
ConvIntegerParams conv_integer_params(const Problem& problem, IntegerIsa isa);

template <IntegerIsa isa>
struct ConvolutionInteger {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

/// Transposed: one plain convolution for each output position modulo the strides.
template <IntegerIsa isa>
struct ConvTransposedInteger {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
