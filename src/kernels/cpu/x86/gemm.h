// Fully connected layers: a plain matrix times constant weights.
#pragma once

#include "kernels/cpu/x86/blocked.h"

namespace stretto::kernels {

template <int width, WeightKind kind = WeightKind::full>
struct Gemm {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
