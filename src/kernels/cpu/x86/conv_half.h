// Convolution in f16, any kernel: values and weights in f16, partial sums in f16, their sums in f32.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

struct ConvHalf {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
