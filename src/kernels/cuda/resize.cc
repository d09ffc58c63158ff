#include "kernels/cuda/resize.h"

#include "kernels/cuda/common.h"
#include "kernels/cuda/rows.h"
#include "op/resize_map.h"

namespace stretto::kernels::cuda {
namespace {

ResizeParams params_of(const Problem &problem) {
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const op::ResizeMode mode = first_as<op::Resize>(problem)->mode;
  ResizeParams p{};
  p.out = order4_of(dst);
  p.in = strides4_of(src);
  p.in_element = stored_as(src);
  p.in_h = static_cast<uint32_t>(src.type.shape[2]);
  p.in_w = static_cast<uint32_t>(src.type.shape[3]);
  p.out_element = stored_as(dst);
  p.taps = mode == op::ResizeMode::nearest ? 1 : mode == op::ResizeMode::linear ? 2 : 4;
  return p;
}

Booking book(const Problem &problem, const Config &) {
  const ResizeParams p = params_of(problem);
  return booking_of<ResizeElement>(p, (size_t{p.out.h} + p.out.w) * sizeof(ResizeTap));
}

ResizeTap tap_of(const op::Resize &a, int64_t i, int64_t in, int64_t out, float scale) {
  const float x = op::resize_coordinate(a.coordinate, i, in, out, scale);
  ResizeTap tap{};
  if (a.mode == op::ResizeMode::nearest) {
    tap = {{static_cast<int32_t>(op::resize_nearest(a.rounding, x, in))}, {1}};
  } else if (a.mode == op::ResizeMode::linear) {
    const op::ResizeLinear v = op::resize_linear(x, in);
    tap = {{static_cast<int32_t>(v.first), static_cast<int32_t>(v.second)}, {1 - v.fraction, v.fraction}};
  } else {
    const op::ResizeCubic v = op::resize_cubic(x, in, a.cubic_a);
    for (size_t k = 0; k < 4; ++k) {
      tap.at[k] = static_cast<int32_t>(v.at[k]);
      tap.weight[k] = v.weight[k];
    }
  }
  return tap;
}

void pack(const Problem &problem, const Config &, std::span<const Tensor>, std::byte *weights) {
  const op::Resize &a = *first_as<op::Resize>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  auto *tap = reinterpret_cast<ResizeTap *>(weights);
  for (int64_t i = 0; i < dst[2]; ++i) *tap++ = tap_of(a, i, src[2], dst[2], a.scale_h);
  for (int64_t i = 0; i < dst[3]; ++i) *tap++ = tap_of(a, i, src[3], dst[3], a.scale_w);
}

Refusal supports(const Problem &problem) {
  if (const Refusal r = single_move<op::Resize>(problem); r != Refusal::none) return r;
  const bool reals = source_of(problem, 0).type.dtype == DType::f32;
  if (!reals && first_as<op::Resize>(problem)->mode != op::ResizeMode::nearest) return Refusal::other_type;
  return reads_input(problem) ? Refusal::none : Refusal::attributes;
}

}  // namespace

Row resize_row() {
  Tactic tactic{"cuda.generic.resize", 1,    Isa::scalar, Numerics::rounding,    supports, one_config,
                estimate_elements,     book, pack,        emulate<ResizeElement>};
  tactic.on_gpu = true;
  return {tactic, Kernel::resize};
}

}  // namespace stretto::kernels::cuda
