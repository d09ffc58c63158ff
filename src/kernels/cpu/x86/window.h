// Depthwise convolution and pooling on blocked layouts.
#pragma once

#include "kernels/cpu/x86/window_params.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

/// The window of node 0 over blocks of `width` channels; config: {rows of a task, planes of a task}.
WindowParams window_params(const Problem& problem, int width, const Dims& kernel, const Dims& strides,
                           const Dims& dilations, const Dims& pads, const Config& config);
/// The same of a pool.
PoolParams pool_params(const Problem& problem, int width, const Config& config);
/// [block of channels][tap][channel of the block], zeros where channels are missing.
void pack_depthwise(const float* data, int64_t channels, int64_t taps, int width, float* out);

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
