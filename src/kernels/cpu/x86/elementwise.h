// Chains of elementwise operators, and reductions over an image's plane.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

/// On plain tensors and on blocked ones of this width.
template <int width>
struct Elementwise {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

/// From a blocked tensor over its last two axes, to a blocked or plain one.
template <int width>
struct SpatialReduce {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static constexpr auto pack = nullptr;
};

}  // namespace stretto::kernels
