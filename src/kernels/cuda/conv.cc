#include "kernels/cuda/conv.h"

#include <cstring>
#include <type_traits>

#include "kernels/cuda/common.h"
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
  const T &a = *first_as<T>(problem);
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const Shape &weights = source_of(problem, 1).type.shape;
  const auto axis = [&](int i) {
    const auto at = [](int64_t v) { return static_cast<int32_t>(v); };
    return ConvAxis{at(src.type.shape[2 + i]), at(weights[2 + i]), at(a.strides[i]), at(a.dilations[i]), at(a.pads[i])};
  };
  ConvParams p{};
  p.out = order4_of(dst);
  p.in = strides4_of(src);
  p.in_half = is_half(src.layout);
  p.out_half = is_half(dst.layout);
  p.has_bias = source_count(problem) > 2;
  p.transposed = std::is_same_v<T, op::ConvTranspose>;
  p.in_group = static_cast<uint32_t>(src.type.shape[1] / a.group);
  p.out_group = static_cast<uint32_t>(dst.type.shape[1] / a.group);
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  p.h = axis(0);
  p.w = axis(1);
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
  auto *to = reinterpret_cast<float *>(packed);
  const auto constant = [&](int i) {
    const int operand = problem.nodes[0].inputs[static_cast<size_t>(i)];
    return constants[static_cast<size_t>(constant_position(problem, operand))].template as<float>();
  };
  const auto weights = constant(1);
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
  if (p.has_bias) std::memcpy(to, constant(2).data(), p.out.c * sizeof(float));
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
