// Moving data on blocked layouts: reformat, gathering of channels, resize.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

/// What is moved: real numbers, or bytes in blocks of sixteen channels.
enum class Moved { reals, bytes };

/// Between plain and blocks of `width` channels; with 32, also between c16 and those.
template <int width, Moved moved = Moved::reals>
struct Reformatted {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static constexpr auto pack = nullptr;
};

/// Concatenation and slices of channels at any offset, and reshape–transpose–reshape of them (channel shuffle), alone
/// or one after the other.
template <int width, Moved moved = Moved::reals>
struct Channels {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static constexpr auto pack = nullptr;
};

/// Resize by nearest neighbour or, real numbers, linearly.
template <int width, Moved moved = Moved::reals>
struct Resample {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static constexpr auto pack = nullptr;
};

}  // namespace stretto::kernels
