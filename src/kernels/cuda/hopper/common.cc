#include "kernels/cuda/hopper/common.h"

#include <algorithm>
#include <cmath>

#include "kernels/cuda/common.h"
#include "kernels/cuda/hopper/conv.h"
#include "kernels/cuda/hopper/epilogue.h"

namespace stretto::kernels::cuda::hopper {

template <class T>
Refusal refuse_product(const Problem &problem) {
  if (const Refusal r = with_epilogue<T>(problem); r != Refusal::none) return r;
  if (!has_bounded_epilogue(problem)) return Refusal::fused_operators;
  if (source_of(problem, 0).layout != Layout::nhwc8h) return Refusal::other_layout;
  if (problem.output().layout != Layout::nhwc8h) return Refusal::other_layout;
  if (!reads_input(problem)) return Refusal::attributes;
  for (int i = 1; i < source_count(problem); ++i) {
    if (source_of(problem, i).role != Role::constant) return Refusal::dynamic_weights;
  }
  const T &a = *first_as<T>(problem);
  if (a.group != 1) return Refusal::grouped;
  const Shape &weights = source_of(problem, 1).type.shape;
  const bool small = has_small_window({weights[2], weights[3]}, a.strides, a.dilations, a.pads);
  return small ? Refusal::none : Refusal::too_large;
}
template Refusal refuse_product<op::Conv>(const Problem &problem);
template Refusal refuse_product<op::ConvTranspose>(const Problem &problem);

std::vector<Config> best_of(std::vector<Guess> guesses, size_t most) {
  std::stable_sort(guesses.begin(), guesses.end(),
                   [](const Guess &x, const Guess &y) { return x.seconds < y.seconds; });
  if (guesses.size() > most) guesses.resize(most);
  std::vector<Config> configs;
  for (const Guess &guess : guesses) {
    for (int32_t trigger = 0; trigger < kTriggerCount; ++trigger) {
      Config &config = configs.emplace_back(guess.config);
      config.v[kInNetwork] = trigger;
    }
  }
  return configs;
}

double waves_of(double blocks, double resident) {
  const double waves = blocks / (kMultiprocessors * resident);
  return waves <= 1 ? 1 : 0.5 * (waves + std::ceil(waves));
}

}  // namespace stretto::kernels::cuda::hopper
