// 3×3 convolution with stride 1 or 2 by Winograd's minimal filtering, on blocked layouts; rows of the tables in
// table.cc.
#pragma once

#include "kernels/cpu/x86/blocked.h"

namespace stretto::kernels {

/// `width`: channels in a block, 8 or 16, or 32 with values in f16, too. `raw`: the plan keeps the weights
/// untransformed, and every task transforms those it uses; worth it where weights are much and tiles few. Configs:
/// winograd_split.h.
template <int width, WeightKind kind = WeightKind::full, bool raw = false>
struct Winograd {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
