// Convolution whose taps are gathered first: strided ones, and those of few pixels, whose rows make poor tiles.
#pragma once

#include "kernels/cpu/x86/blocked.h"

namespace stretto::kernels {

/// `width`: channels in a block and lanes of a vector, 8 or 16. Any kernel but a pointwise one of stride 1.
template <int width, WeightKind kind = WeightKind::full>
struct ConvGathered {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
