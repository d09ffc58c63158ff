#include "kernels/cuda/mma_conv.h"

#include <bit>
#include <cstring>

#include "device/memory.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/tile_plan.h"

namespace stretto::kernels::cuda {
namespace {

template <Multiply kMultiply>
Refusal supports(const Problem &problem) {
  constexpr bool kHalf = kMultiply == Multiply::f16;
  if (const Refusal r = with_epilogue<op::Conv>(problem); r != Refusal::none) return r;
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  if (src.layout != (kHalf ? Layout::nhwc8h : Layout::nhwc8)) return Refusal::other_layout;
  if (!is_channels_last(dst.layout) || (!kHalf && is_half(dst.layout))) return Refusal::other_layout;
  if (!reads_input(problem)) return Refusal::attributes;
  for (int i = 1; i < source_count(problem); ++i) {
    if (source_of(problem, i).role != Role::constant) return Refusal::dynamic_weights;
  }
  const op::Conv &a = *first_as<op::Conv>(problem);
  if (a.group != 1) return Refusal::grouped;
  const Shape &weights = source_of(problem, 1).type.shape;
  const bool small = has_small_window({weights[2], weights[3]}, a.strides, a.dilations, a.pads);
  return small ? Refusal::none : Refusal::too_large;
}

template <Multiply kMultiply>
MmaGeometry geometry(const Problem &problem, const Config &config) {
  return geometry_of(problem, *first_as<op::Conv>(problem), kMultiply, config);
}

template <Multiply kMultiply>
MmaConvParams params_of(const Problem &problem, const Config &config) {
  MmaConvParams p{};
  static_cast<MmaGeometry &>(p) = geometry<kMultiply>(problem, config);
  p.out_half = is_half(problem.output().layout);
  p.has_bias = source_count(problem) > 2;
  p.epilogue = epilogue_of(problem);
  return p;
}

size_t weights_bytes(const MmaConvParams &p) {
  return align_up(p.weights_bytes());
}

template <Multiply kMultiply>
std::vector<Config> configs(const Problem &problem) {
  return tile_configs([&](const Config &config) { return geometry<kMultiply>(problem, config); });
}

template <Multiply kMultiply>
double estimate(const Problem &problem, const Config &config, int) {
  return seconds_of(geometry<kMultiply>(problem, config));
}

template <Multiply kMultiply>
Booking book(const Problem &problem, const Config &config) {
  const MmaConvParams p = params_of<kMultiply>(problem, config);
  Booking booking;
  booking.set_params(p);
  booking.tasks = {1};
  booking.weights_bytes = weights_bytes(p) + (p.has_bias ? align_up(p.stored_columns * sizeof(float)) : 0);
  if (p.splits > 1) booking.scratch_bytes = size_t{p.splits} * p.rows * p.stored_columns * sizeof(float);
  return booking;
}

/// To the 11 bits of tf32, ties away from zero.
float tf32_from(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7F800000u) == 0x7F800000u) return value;
  return std::bit_cast<float>((bits + 0x1000u) & ~0x1FFFu);
}

template <Multiply kMultiply>
void pack(const Problem &problem, const Config &config, std::span<const Tensor> constants, std::byte *packed) {
  const MmaConvParams p = params_of<kMultiply>(problem, config);
  std::memset(packed, 0, book<kMultiply>(problem, config).weights_bytes);
  const auto weights = constant_of(problem, constants, 1).as<float>();
  const auto channels = static_cast<size_t>(source_of(problem, 0).type.shape[1]);
  const size_t stored = size_t{p.in_chunks} * kMmaChunkBytes / bytes_of(kMultiply);
  const size_t depth = size_t{p.slices} * kMmaSliceBytes / bytes_of(kMultiply);
  for (size_t column = 0; column < p.columns; ++column) {
    for (size_t c = 0; c < channels; ++c) {
      for (size_t tap = 0; tap < p.taps; ++tap) {
        const float value = weights[(column * channels + c) * p.taps + tap];
        const size_t at = column * depth + tap * stored + c;
        if constexpr (kMultiply == Multiply::f16) {
          reinterpret_cast<uint16_t *>(packed)[at] = f16_from_float(value);
        } else {
          reinterpret_cast<float *>(packed)[at] = kMultiply == Multiply::tf32 ? tf32_from(value) : value;
        }
      }
    }
  }
  if (p.has_bias)
    std::memcpy(packed + weights_bytes(p), constant_of(problem, constants, 2).as<float>().data(),
                p.columns * sizeof(float));
}

/// What the kernels compute, by the indices that they compute with.
void task(const StepArgs &args, TaskId) {
  const auto &p = args.params_as<MmaConvParams>();
  const void *src = args.src[p.source];
  const auto *bias = reinterpret_cast<const float *>(args.weights + weights_bytes(p));
  const void *other = p.epilogue.binary ? args.src[p.epilogue.other] : nullptr;
  auto *parts = reinterpret_cast<float *>(args.scratch);
  const bool half = p.multiply == Multiply::f16;
  const auto product = [&](int64_t from, uint32_t weight) {
    if (from < 0) return 0.0f;
    const float x = load(src, half, static_cast<uint32_t>(from));
    return (p.multiply == Multiply::tf32 ? tf32_from(x) : x) * load(args.weights, half, weight);
  };
  const auto store = [&](uint32_t row, uint32_t column, uint32_t part, float(&v)[kLanes]) {
    const size_t to = (size_t{row} * p.stored_columns + column) / kLanes;
    if (p.splits > 1) {
      store_lanes(parts, false, size_t{part} * p.rows * p.stored_columns / kLanes + to, v);
    } else {
      mma_finish(p, v, bias, other, row, column);
      store_lanes(args.dst, p.out_half, to, v);
    }
  };
  for_each_dot<float>(p, product, store);
  if (p.splits == 1) return;
  const MmaSumLanes sums{p, parts, bias, other, args.dst};
  for (uint32_t i = 0; i < sums.count(); ++i) sums(i);
}

template <Multiply kMultiply>
Row row(const char *name) {
  Tactic tactic{name,
                1,
                Isa::scalar,
                Numerics::rounding,
                supports<kMultiply>,
                configs<kMultiply>,
                estimate<kMultiply>,
                book<kMultiply>,
                pack<kMultiply>,
                task};
  tactic.on_gpu = true;
  tactic.tf32 = kMultiply == Multiply::tf32;
  tactic.compute = 80;
  return {tactic, kMultiply == Multiply::f32 ? Kernel::fma_conv : Kernel::mma_conv};
}

}  // namespace

Row mma_conv_half_row() {
  return row<Multiply::f16>("cuda.mma.conv_f16");
}
Row mma_conv_tf32_row() {
  return row<Multiply::tf32>("cuda.mma.conv_tf32");
}
Row fma_conv_row() {
  return row<Multiply::f32>("cuda.fma.conv_f32");
}

}  // namespace stretto::kernels::cuda
