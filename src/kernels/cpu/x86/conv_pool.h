// Convolution from a plain image of few channels with its activation and the pool that follows, in one step.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

/// Config: {blocks of a tile, pooled rows of a task}.
template <int width>
struct ConvFirstPool {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
