// Moving data on blocked layouts: reformat, gathering of channels, resize.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

/// Between plain and blocks of `width` channels; with 32, also between c16 and those.
template <int width>
struct Reformatted {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static constexpr auto pack = nullptr;
};

/// Concatenation and slices of channels at any offset, and reshape–transpose–reshape of them (channel shuffle), alone
/// or one after the other.
template <int width>
struct Channels {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static constexpr auto pack = nullptr;
};

/// Resize by nearest neighbour or linearly.
template <int width>
struct Resample {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static constexpr auto pack = nullptr;
};

}  // namespace stretto::kernels
