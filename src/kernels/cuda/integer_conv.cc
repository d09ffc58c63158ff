#include "kernels/cuda/integer_conv.h"

#include <cstring>
#include <type_traits>

#include "device/memory.h"
#include "kernels/cuda/integer_product.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
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

template <class T>
void set_sizes(const T &a, const Problem &problem, IntegerConvParams &p) {
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const Shape &weights = source_of(problem, 1).type.shape;
  const auto axis = [&](int i) {
    const auto at = [](int64_t v) { return static_cast<int32_t>(v); };
    return ConvAxis{at(src.type.shape[2 + i]), at(weights[2 + i]), at(a.strides[i]), at(a.dilations[i]), at(a.pads[i])};
  };
  p.out = order4_of(dst);
  p.in = strides4_of(src);
  p.transposed = std::is_same_v<T, op::ConvTransposeInteger>;
  p.in_group = static_cast<uint32_t>(src.type.shape[1] / a.group);
  p.out_group = static_cast<uint32_t>(dst.type.shape[1] / a.group);
  p.h = axis(0);
  p.w = axis(1);
}

void set_sizes(const op::GemmInteger &, const Problem &problem, IntegerConvParams &p) {
  const Shape &a = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  const auto k = static_cast<uint32_t>(a[1]), n = static_cast<uint32_t>(dst[1]);
  p.out = {n, 1, 1, 0, stored_count(problem.output())};
  p.in = {k, 1, 0, 0};
  p.in_group = k;
  p.out_group = n;
  p.h = p.w = {1, 1, 1, 1, 0};
}

size_t rescale_offset(const IntegerConvParams &p) {
  return p.bias + (p.has_bias ? align_up(p.out.c * sizeof(int32_t)) : 0);
}

template <class T>
IntegerConvParams params_of(const Problem &problem) {
  const T &a = *first_as<T>(problem);
  IntegerConvParams p{};
  set_sizes(a, problem, p);
  p.zero = static_cast<int32_t>(a.zero);
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  p.has_bias = source_count(problem) > 2;
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
  const auto constant = [&](int i) -> const Tensor & {
    const int operand = problem.nodes[0].inputs[static_cast<size_t>(i)];
    return constants[static_cast<size_t>(constant_position(problem, operand))];
  };
  const auto weights = constant(1).template as<int8_t>();
  auto *to = reinterpret_cast<int8_t *>(packed);
  const auto taps = static_cast<size_t>(p.h.kernel * p.w.kernel);
  for (size_t tap = 0; tap < taps; ++tap) {
    for (size_t ic = 0; ic < p.in_group; ++ic) {
      for (size_t oc = 0; oc < p.out.c; ++oc) {
        const size_t group = oc / p.out_group, row = group * p.in_group + ic;
        const size_t from = p.transposed ? row * p.out_group + oc % p.out_group : oc * p.in_group + ic;
        *to++ = weights[from * taps + tap];
      }
    }
  }
  if (p.has_bias) std::memcpy(packed + p.bias, constant(2).data(), p.out.c * sizeof(int32_t));
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
