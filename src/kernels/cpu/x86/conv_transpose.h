// Transposed convolution on blocked layouts: one plain convolution for each output position modulo the strides, by
// conv_direct's loops.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

template <int width>
struct ConvTransposed {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

/// The same in f16, as ConvHalf computes.
struct ConvTransposedHalf {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
