#include "kernels/cuda/conv.h"

#include <cstring>

#include "kernels/cuda/conv_plan.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

template <class T>
Refusal supports(const Problem &problem) {
  if (const Refusal r = with_epilogue<T>(problem); r != Refusal::none) return r;
  if (source_of(problem, 0).type.shape.size() != 4) return Refusal::other_shape;
  if (!reads_input(problem)) return Refusal::attributes;
  for (int i = 1; i < source_count(problem); ++i) {
    if (source_of(problem, i).role != Role::constant) return Refusal::dynamic_weights;
  }
  const T &a = *first_as<T>(problem);
  const Shape &weights = source_of(problem, 1).type.shape;
  const bool small = has_small_window({weights[2], weights[3]}, a.strides, a.dilations, a.pads);
  return small ? Refusal::none : Refusal::too_large;
}

template <class T>
ConvParams params_of(const Problem &problem) {
  ConvParams p{geometry_of<T>(problem)};
  p.in_half = is_half(source_of(problem, 0).layout);
  p.out_half = is_half(problem.output().layout);
  p.epilogue = epilogue_of(problem);
  return p;
}

template <class T>
Booking book(const Problem &problem, const Config &) {
  const ConvParams p = params_of<T>(problem);
  return booking_of<ConvElement>(p, (size_t{p.depth()} + p.has_bias) * p.out.c * sizeof(float));
}

template <class T>
void pack(const Problem &problem, const Config &, std::span<const Tensor> constants, std::byte *packed) {
  const ConvParams p = params_of<T>(problem);
  float *bias = pack_taps(p, constant_of(problem, constants, 1).as<float>(), reinterpret_cast<float *>(packed));
  if (p.has_bias) std::memcpy(bias, constant_of(problem, constants, 2).data(), p.out.c * sizeof(float));
}

double estimate(const Problem &problem, const Config &, int) {
  return seconds_for(problem, 5e11, 5e11);
}

template <class T>
Row row(const char *name) {
  Tactic tactic{name,     1,       Isa::scalar, Numerics::rounding,  supports<T>, one_config,
                estimate, book<T>, pack<T>,     emulate<ConvElement>};
  tactic.on_gpu = true;
  return {tactic, Kernel::conv};
}

}  // namespace

Row conv_row() {
  return row<op::Conv>("cuda.generic.conv");
}
Row conv_transpose_row() {
  return row<op::ConvTranspose>("cuda.generic.conv_transpose");
}

}  // namespace stretto::kernels::cuda
