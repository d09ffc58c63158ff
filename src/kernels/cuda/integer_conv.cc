#include "kernels/cuda/integer_conv.h"

#include <cstring>

#include "device/memory.h"
#include "kernels/cuda/conv_plan.h"
#include "kernels/cuda/integer_product.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {

/// A matrix product: pictures of one pixel.
template <>
ConvGeometry geometry_of<op::GemmInteger>(const Problem &problem) {
  const Shape &a = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  const auto k = static_cast<uint32_t>(a[1]), n = static_cast<uint32_t>(dst[1]);
  ConvGeometry g{};
  g.out = {n, 1, 1, 0, stored_count(problem.output())};
  g.in = {k, 1, 0, 0};
  g.has_bias = source_count(problem) > 2;
  g.in_group = k;
  g.out_group = n;
  g.h = g.w = {1, 1, 1, 1, 0};
  g.source = input_position(problem, problem.nodes[0].inputs[0]);
  return g;
}

namespace {

template <class T>
Refusal supports(const Problem &problem) {
  if (const Refusal r = refuse_product<T>(problem); r != Refusal::none) return r;
  if constexpr (std::is_same_v<T, op::GemmInteger>) {
    return source_of(problem, 0).layout == Layout::plain ? Refusal::none : Refusal::other_layout;
  } else {
    if (source_of(problem, 0).type.shape.size() != 4) return Refusal::other_shape;
    const T &a = *first_as<T>(problem);
    const Shape &weights = source_of(problem, 1).type.shape;
    const bool small = has_small_window({weights[2], weights[3]}, a.strides, a.dilations, a.pads);
    return small ? Refusal::none : Refusal::too_large;
  }
}

size_t rescale_offset(const IntegerConvParams &p) {
  return p.bias + (p.has_bias ? align_up(p.out.c * sizeof(int32_t)) : 0);
}

template <class T>
IntegerConvParams params_of(const Problem &problem) {
  IntegerConvParams p{geometry_of<T>(problem)};
  p.zero = static_cast<int32_t>(first_as<T>(problem)->zero);
  p.bias = align_up(size_t{p.depth()} * p.out.c);
  p.rescale = *match_rescale(problem, 1, rescale_offset(p));
  return p;
}

template <class T>
Booking book(const Problem &problem, const Config &) {
  const IntegerConvParams p = params_of<T>(problem);
  return booking_of<IntegerConvElement>(p, rescale_offset(p) + rescale_bytes(problem, 1));
}

template <class T>
void pack(const Problem &problem, const Config &, std::span<const Tensor> constants, std::byte *packed) {
  const IntegerConvParams p = params_of<T>(problem);
  std::memset(packed, 0, rescale_offset(p));
  pack_taps(p, constant_of(problem, constants, 1).as<int8_t>(), reinterpret_cast<int8_t *>(packed));
  if (p.has_bias) {
    std::memcpy(packed + p.bias, constant_of(problem, constants, 2).data(), p.out.c * sizeof(int32_t));
  }
  pack_rescale(problem, 1, constants, packed + rescale_offset(p));
}

double estimate(const Problem &problem, const Config &, int) {
  return seconds_for(problem, 5e11, 2e11);
}

template <class T>
Row row(const char *name) {
  Tactic tactic{name,     1,       Isa::scalar, Numerics::bit_exact,        supports<T>, one_config,
                estimate, book<T>, pack<T>,     emulate<IntegerConvElement>};
  tactic.on_gpu = true;
  return {tactic, Kernel::integer_conv};
}

}  // namespace

Row conv_integer_row() {
  return row<op::ConvInteger>("cuda.generic.conv_integer");
}
Row conv_transpose_integer_row() {
  return row<op::ConvTransposeInteger>("cuda.generic.conv_transpose_integer");
}
Row gemm_integer_row() {
  return row<op::GemmInteger>("cuda.generic.gemm_integer");
}

}  // namespace stretto::kernels::cuda
