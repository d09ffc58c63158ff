// Convolution from a plain image of few channels to blocked channels.
#pragma once

#include "kernels/cpu/x86/conv_first_params.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

/// Config: {blocks of a tile, rows of a task}.
ConvFirstParams conv_first_params(const Problem& problem, const Config& config, int width);
/// Bytes of packed weights, and of the input rows that a worker copies.
size_t conv_first_weights(const ConvFirstParams& p, int width);
size_t conv_first_scratch(const ConvFirstParams& p);
/// Blocks of a tile that are worth timing, the best guess first.
std::vector<int> conv_first_blocks(int oc_blocks, int width);

template <int width>
struct ConvFirst {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
