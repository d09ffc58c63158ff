// Products of plain bytes with constant weights, alone or with what brings their sums back to bytes or real numbers.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

/// `group`: steps of k that an instruction adds at once; `blocks`: of sixteen columns, in a register tile.
template <int group, int blocks>
struct GemmIntegerRow {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
