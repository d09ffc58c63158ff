#include "kernels/cuda/lanes.h"

#include <cstring>

#include "kernels/cuda/common.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

bool lies_last(const Operand &operand) {
  return is_channels_last(operand.layout);
}

template <class T>
LanesParams params_of(const Problem &problem, const Dims &kernel) {
  const T &a = *first_as<T>(problem);
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const auto u = [](int64_t v) { return static_cast<uint32_t>(v); };
  const auto axis = [&](int i) {
    const auto at = [](int64_t v) { return static_cast<int32_t>(v); };
    return PoolAxis{at(src.type.shape[2 + i]), at(kernel[i]), at(a.strides[i]),
                    at(a.dilations[i]),        at(a.pads[i]), at(a.pads[2 + i])};
  };
  LanesParams p{};
  p.chunks = lanes_of(dst).stored / kLanes;
  p.total = stored_count(dst) / kLanes;
  p.channels = u(dst.type.shape[1]);
  p.out_h = u(dst.type.shape[2]);
  p.out_w = u(dst.type.shape[3]);
  p.in_h = u(src.type.shape[2]);
  p.in_w = u(src.type.shape[3]);
  p.in_half = is_half(src.layout);
  p.out_half = is_half(dst.layout);
  p.h = axis(0);
  p.w = axis(1);
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  return p;
}

Refusal supports_depthwise(const Problem &problem) {
  if (const Refusal r = with_epilogue<op::Conv>(problem); r != Refusal::none) return r;
  if (!lies_last(source_of(problem, 0)) || !lies_last(problem.output())) return Refusal::other_layout;
  if (!reads_input(problem)) return Refusal::attributes;
  for (int i = 1; i < source_count(problem); ++i) {
    if (source_of(problem, i).role != Role::constant) return Refusal::dynamic_weights;
  }
  const op::Conv &a = *first_as<op::Conv>(problem);
  const Shape &weights = source_of(problem, 1).type.shape;
  if (a.group != source_of(problem, 0).type.shape[1] || weights[0] != a.group) return Refusal::other_shape;
  const bool small = has_small_window({weights[2], weights[3]}, a.strides, a.dilations, a.pads);
  return small ? Refusal::none : Refusal::too_large;
}

LanesParams depthwise_params(const Problem &problem) {
  const Shape &weights = source_of(problem, 1).type.shape;
  LanesParams p = params_of<op::Conv>(problem, {weights[2], weights[3]});
  p.has_bias = source_count(problem) > 2;
  p.epilogue = epilogue_of(problem);
  return p;
}

Booking book_depthwise(const Problem &problem, const Config &) {
  const LanesParams p = depthwise_params(problem);
  const size_t rows = static_cast<size_t>(p.h.kernel * p.w.kernel) + p.has_bias;
  return booking_of<DepthwiseLanes>(p, rows * p.chunks * kLanes * sizeof(float));
}

void pack_depthwise(const Problem &problem, const Config &config, std::span<const Tensor> constants, std::byte *to) {
  const LanesParams p = depthwise_params(problem);
  std::memset(to, 0, book_depthwise(problem, config).weights_bytes);
  auto *packed = reinterpret_cast<float *>(to);
  const auto weights = constant_of(problem, constants, 1).as<float>();
  const auto taps = static_cast<size_t>(p.h.kernel * p.w.kernel), stored = size_t{p.chunks} * kLanes;
  for (size_t c = 0; c < p.channels; ++c) {
    for (size_t tap = 0; tap < taps; ++tap) packed[tap * stored + c] = weights[c * taps + tap];
    if (p.has_bias) packed[taps * stored + c] = constant_of(problem, constants, 2).as<float>()[c];
  }
}

Refusal supports_pool(const Problem &problem) {
  if (const Refusal r = single<op::Pool>(problem); r != Refusal::none) return r;
  if (!lies_last(source_of(problem, 0)) || !lies_last(problem.output())) return Refusal::other_layout;
  if (!reads_input(problem)) return Refusal::attributes;
  const op::Pool &a = *first_as<op::Pool>(problem);
  return has_small_window(a.kernel, a.strides, a.dilations, a.pads) ? Refusal::none : Refusal::too_large;
}

Booking book_pool(const Problem &problem, const Config &) {
  const op::Pool &a = *first_as<op::Pool>(problem);
  LanesParams p = params_of<op::Pool>(problem, a.kernel);
  p.average = a.kind == op::PoolKind::average;
  p.include_pad = a.count_include_pad;
  return booking_of<PoolLanes>(p, 0);
}

double estimate(const Problem &problem, const Config &, int) {
  return seconds_for(problem, 4e12, 1.5e12);
}

}  // namespace

Row depthwise_lanes_row() {
  Tactic tactic{"cuda.lanes.depthwise",
                1,
                Isa::scalar,
                Numerics::rounding,
                supports_depthwise,
                one_config,
                estimate,
                book_depthwise,
                pack_depthwise,
                emulate<DepthwiseLanes>};
  tactic.on_gpu = true;
  return {tactic, Kernel::depthwise_lanes};
}
Row pool_lanes_row() {
  Tactic tactic{"cuda.lanes.pool", 1,        Isa::scalar, Numerics::rounding, supports_pool,
                one_config,        estimate, book_pool,   pack_copied,        emulate<PoolLanes>};
  tactic.on_gpu = true;
  return {tactic, Kernel::pool_lanes};
}

}  // namespace stretto::kernels::cuda
