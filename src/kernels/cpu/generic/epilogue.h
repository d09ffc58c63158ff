// What follows a product before it is stored, inside a step's params.
#pragma once

#include <optional>

#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/math.h"

namespace stretto::kernels::generic {

struct EpilogueParams {
  bool act1 = false, binary = false, act2 = false;
  Function first, second;
  op::BinaryKind kind = op::BinaryKind::add;
  int32_t other = -1;  // which input of the step

  const float* other_of(const StepArgs& args) const {
    return binary ? static_cast<const float*>(args.src[other]) : nullptr;
  }
  /// `t` and `other` hold n values; `other` is read only if `binary`.
  void apply(float* t, const float* other_values, int64_t n) const {
    if (act1) apply_unary(first, t, t, n);
    if (binary) apply_binary(kind, t, other_values, t, n);
    if (act2) apply_unary(second, t, t, n);
  }
};

/// Precondition: match_epilogue(problem) found one.
EpilogueParams epilogue_of(const Problem& problem);

/// `none` if the problem is a T node and an epilogue, all plain f32.
template <class T>
Refusal with_epilogue(const Problem& problem) {
  if (!first_as<T>(problem)) return Refusal::other_operator;
  if (!all_plain(problem)) return Refusal::other_layout;
  if (!all_of_type(problem, DType::f32)) return Refusal::other_type;
  return match_epilogue(problem) ? Refusal::none : Refusal::fused_operators;
}

}  // namespace stretto::kernels::generic
