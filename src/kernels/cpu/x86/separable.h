// Depthwise-separable groups on blocked layouts: expand (1×1) → depthwise → project (1×1), one of the products
// optional, each with its activation, the last with an addition. Inverted residuals are such groups (Sandler et al.
// 2018, MobileNetV2), and the branches of ShuffleNet V2 units (Ma et al. 2018).
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

template <int width>
struct Separable {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
