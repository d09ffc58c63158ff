// What the planning side of Hopper's convolutions shares.
#pragma once

#include <vector>

#include "tactics/plugin_rows.h"
#include "tactics/tactic.h"

namespace stretto::kernels::cuda::hopper {

/// Why node 0, a T (op::Conv or op::ConvTranspose), and its epilogue are none of these kernels': they take products
/// without groups, with constant weights, of an f16 tensor of channels last from another step into such a tensor, and
/// what hopper/epilogue.h has.
template <class T>
Refusal refuse_product(const Problem &problem);

/// Configs with what they are expected to take, as configs() returns them: at most so many, best guess first, each with
/// every Trigger (hopper/conv.h).
struct Guess {
  double seconds;
  Config config;
};
std::vector<Config> best_of(std::vector<Guess> guesses, size_t most);

/// What estimates know of the GPU: its multiprocessors and their clock.
inline constexpr double kMultiprocessors = 132, kClock = 1.75e9;
/// How many times the multiprocessors are filled, a part of a time counting as the share of it that is used and some
/// more.
double waves_of(double blocks, double resident);

}  // namespace stretto::kernels::cuda::hopper
