// Depthwise convolution and pooling on blocked layouts.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

template <int width>
struct Depthwise {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

template <int width>
struct BlockedPool {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static constexpr auto pack = nullptr;
};

}  // namespace stretto::kernels
