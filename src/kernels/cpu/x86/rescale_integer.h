// Quantise, dequantise, requantise and look up: bytes in blocks of sixteen channels, real numbers in c8, c16 or plain.
#pragma once

#include "kernels/cpu/x86/rescale_integer_params.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

/// What a row does; each takes what it can do of the operators of that name, requantise with a lookup after it.
enum class Rescaling { quantize, dequantize, requantize, look_up };

/// How an operator quantises: scale, zero point and bounds.
RescaleParams quantize_params(const op::Quantize& a);

template <Rescaling kind>
struct RescaleInteger {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
};

}  // namespace stretto::kernels
