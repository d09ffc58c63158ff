// Convolution on blocked layouts, any kernel; rows of the tables in table.cc.
#pragma once

#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_params.h"

namespace stretto::kernels {

/// Shapes of a convolution on blocks of `width` channels; the split is missing.
ConvParams conv_params(const Problem& problem, int width);
/// Whether it is a convolution with constant weights on blocks of `width` channels that the loops can take.
Refusal check_conv(const Problem& problem, int width);
/// Bytes of the bias and the packed weights, and both of them written.
size_t conv_weights_bytes(const ConvParams& p, WeightKind kind);
void pack_conv(const Problem& problem, const ConvParams& p, int width, WeightKind kind,
               std::span<const Tensor> constants, std::byte* weights);

/// `width`: channels in a block and lanes of a vector, 8 or 16.
template <int width, WeightKind kind = WeightKind::full>
struct ConvDirect {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
