// Convolution from a plain image of few channels to blocked channels.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

template <int width>
struct ConvFirst {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
