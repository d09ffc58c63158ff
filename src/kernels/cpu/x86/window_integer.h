// Pooling of bytes in blocks of sixteen channels, and reductions over their planes.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

/// Config: {rows of a task, planes of a task}.
struct PoolInteger {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static constexpr auto pack = nullptr;
};

/// Over the last two axes: sums to plain i32, the other kinds to bytes, blocked or plain.
struct ReduceInteger {
  static Refusal supports(const Problem& problem);
  static std::vector<Config> configs(const Problem& problem);
  static double estimate(const Problem& problem, const Config& config, int threads);
  static Booking book(const Problem& problem, const Config& config);
  static constexpr auto pack = nullptr;
};

}  // namespace stretto::kernels
