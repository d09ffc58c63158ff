#include "kernels/cuda/hopper/conv.h"

#include "kernels/cuda/common.h"
#include "kernels/cuda/hopper/common.h"
#include "kernels/cuda/hopper/conv_choice.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace hopper {
namespace {

Refusal supports(const Problem &problem) {
  if (const Refusal r = refuse_product<op::Conv>(problem); r != Refusal::none) return r;
  const Shape &weights = source_of(problem, 1).type.shape;
  if (weights[2] > kMaxTaps || weights[3] > kMaxTaps) return Refusal::too_large;
  // Offsets may point so far outside an image.
  const op::Conv &a = *first_as<op::Conv>(problem);
  const Operand &src = source_of(problem, 0);
  const int64_t row = src.type.shape[3] * lanes_of(src).stored;
  const int64_t around = (a.pads[0] + weights[2] * a.dilations[0] + 1) * row +
                         (a.pads[1] + weights[3] * a.dilations[1]) * lanes_of(src).stored;
  return stored_count(src) + around < (int64_t{1} << 31) - kSlice ? Refusal::none : Refusal::too_large;
}

ConvParams params_of(const Problem &problem, const Config &config) {
  const op::Conv &a = *first_as<op::Conv>(problem);
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const Shape &weights = source_of(problem, 1).type.shape, &from = src.type.shape, &to = dst.type.shape;
  const auto i = [](int64_t v) { return static_cast<int32_t>(v); };
  ConvParams p{};
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  p.tile = config.v[0];
  p.split_log2 = config.v[1];
  p.trigger = static_cast<Trigger>(config.v[kInNetwork]);
  const int columns = kTiles[p.tile].columns;
  p.rows = i(to[0] * to[2] * to[3]);
  p.columns = i(lanes_of(dst).stored);
  p.packed_columns = (p.columns + columns - 1) / columns * columns;
  p.out_area = i(to[2] * to[3]);
  p.out_w = i(to[3]);
  p.in_h = i(from[2]);
  p.in_w = i(from[3]);
  p.in_c = i(lanes_of(src).stored);
  p.kernel_h = i(weights[2]);
  p.kernel_w = i(weights[3]);
  p.stride_h = i(a.strides[0]);
  p.stride_w = i(a.strides[1]);
  p.dilation_h = i(a.dilations[0]);
  p.dilation_w = i(a.dilations[1]);
  p.pad_h = i(a.pads[0]);
  p.pad_w = i(a.pads[1]);
  p.slices = (p.kernel_h * p.kernel_w * p.in_c + kSlice - 1) / kSlice;
  p.epilogue = epilogue_of(problem);
  return p;
}

std::vector<Config> configs(const Problem &problem) {
  return configs_by(params_of, problem);
}

double estimate(const Problem &problem, const Config &config, int) {
  return seconds_of(params_of(problem, config));
}

Booking book(const Problem &problem, const Config &config) {
  return booking_of(params_of(problem, config));
}

void pack(const Problem &problem, const Config &config, std::span<const Tensor> constants, std::byte *packed) {
  const ConvParams p = params_of(problem, config);
  pack_convolution(problem, constants, static_cast<uint32_t>(p.in_c), p.slices, p.packed_columns, packed);
}

}  // namespace
}  // namespace hopper

Row hopper_conv_row() {
  Tactic tactic{"cuda.hopper.conv", 1,
                Isa::scalar,        Numerics::rounding,
                hopper::supports,   hopper::configs,
                hopper::estimate,   hopper::book,
                hopper::pack,       hopper::emulate_conv};
  tactic.on_gpu = true;
  tactic.compute = 90;
  return {tactic, Kernel::hopper_conv};
}

}  // namespace stretto::kernels::cuda
