// Transposed convolutions of 2 × 2 with stride 2 by hopper/conv.h: nothing overlaps, so that each tap is a product.
#include <cstring>

#include "kernels/cuda/common.h"
#include "kernels/cuda/hopper/common.h"
#include "kernels/cuda/hopper/conv_choice.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace hopper {
namespace {

constexpr int kLeastColumns = 32;  // of a tile: no tile may reach into the next tap

Refusal supports(const Problem &problem) {
  if (const Refusal r = refuse_product<op::ConvTranspose>(problem); r != Refusal::none) return r;
  const op::ConvTranspose &a = *first_as<op::ConvTranspose>(problem);
  const Shape &weights = source_of(problem, 1).type.shape;
  const Dims ones = Dims::filled(2, 1), twos = Dims::filled(2, 2);
  if (weights[2] != 2 || weights[3] != 2) return Refusal::other_shape;
  if (!(a.strides == twos)) return Refusal::strided;
  if (!(a.dilations == ones)) return Refusal::dilated;
  const Shape &from = source_of(problem, 0).type.shape, &to = problem.output().type.shape;
  const bool whole = a.pads == Dims::filled(4, 0) && to[2] == 2 * from[2] && to[3] == 2 * from[3];
  if (!whole) return Refusal::padded;
  return lanes_of(problem.output()).stored % kLeastColumns == 0 ? Refusal::none : Refusal::other_shape;
}

ConvParams params_of(const Problem &problem, const Config &config) {
  const Operand &src = source_of(problem, 0);
  const Shape &from = src.type.shape;
  const auto i = [](int64_t v) { return static_cast<int32_t>(v); };
  ConvParams p{};
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  p.tile = config.v[0];
  p.split_log2 = config.v[1];
  p.trigger = static_cast<Trigger>(config.v[kInNetwork]);
  p.spread = i(lanes_of(problem.output()).stored);
  p.rows = i(from[0] * from[2] * from[3]);
  p.columns = p.packed_columns = 4 * p.spread;
  p.out_area = i(from[2] * from[3]);
  p.out_w = p.in_w = i(from[3]);
  p.in_h = i(from[2]);
  p.in_c = i(lanes_of(src).stored);
  p.kernel_h = p.kernel_w = p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = 1;
  p.slices = (p.in_c + kSlice - 1) / kSlice;
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
  const auto slices = static_cast<uint32_t>(p.slices), columns = static_cast<uint32_t>(p.packed_columns);
  const auto spread = static_cast<uint32_t>(p.spread);
  std::memset(packed, 0, packed_bytes(slices, columns));
  const Shape &shape = source_of(problem, 1).type.shape;
  const float *from = constant_of(problem, constants, 1).as<float>().data();
  for (uint32_t c = 0; c < static_cast<uint32_t>(shape[0]); ++c) {
    for (uint32_t column = 0; column < static_cast<uint32_t>(shape[1]); ++column) {
      for (uint32_t tap = 0; tap < 4; ++tap) {
        const size_t at = weight_at(c, tap * spread + column, columns);
        reinterpret_cast<uint16_t *>(packed)[at] = f16_from_float(*from++);
      }
    }
  }
  if (source_count(problem) <= 2) return;
  auto *bias = reinterpret_cast<float *>(packed + bias_offset(slices, columns));
  const auto values = constant_of(problem, constants, 2).as<float>();
  for (uint32_t tap = 0; tap < 4; ++tap) std::memcpy(bias + tap * spread, values.data(), values.size_bytes());
}

}  // namespace
}  // namespace hopper

Row hopper_conv_transpose_row() {
  Tactic tactic{"cuda.hopper.conv_transpose",
                1,
                Isa::scalar,
                Numerics::rounding,
                hopper::supports,
                hopper::configs,
                hopper::estimate,
                hopper::book,
                hopper::pack,
                hopper::emulate_conv};
  tactic.on_gpu = true;
  tactic.compute = 90;
  return {tactic, Kernel::hopper_conv};
}

}  // namespace stretto::kernels::cuda
