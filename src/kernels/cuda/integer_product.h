// What all rows of integer products ask of a problem.
#pragma once

#include "kernels/cuda/rescale_plan.h"

namespace stretto::kernels::cuda {

/// `none` for a T node of a u8 input with constant weights and bias, and a rescaling behind it.
template <class T>
Refusal refuse_product(const Problem &problem) {
  if (!first_as<T>(problem)) return Refusal::other_operator;
  if (const Refusal r = refuse_integers(problem); r != Refusal::none) return r;
  if (!reads_input(problem)) return Refusal::attributes;
  for (int i = 1; i < source_count(problem); ++i) {
    if (source_of(problem, i).role != Role::constant) return Refusal::dynamic_weights;
  }
  return match_rescale(problem, 1, 0) ? Refusal::none : Refusal::fused_operators;
}

}  // namespace stretto::kernels::cuda
