#include "kernels/cuda/mma_integer.h"

#include <cstring>
#include <type_traits>

#include "device/memory.h"
#include "kernels/cuda/integer_product.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/tile_plan.h"

namespace stretto::kernels::cuda {
namespace {

Refusal supports_conv(const Problem &problem) {
  if (const Refusal r = refuse_product<op::ConvInteger>(problem); r != Refusal::none) return r;
  if (source_of(problem, 0).layout != Layout::nhwc16 || !is_channels_last(problem.output().layout)) {
    return Refusal::other_layout;
  }
  const op::ConvInteger &a = *first_as<op::ConvInteger>(problem);
  if (a.group != 1) return Refusal::grouped;
  const Shape &weights = source_of(problem, 1).type.shape;
  const bool small = has_small_window({weights[2], weights[3]}, a.strides, a.dilations, a.pads);
  return small ? Refusal::none : Refusal::too_large;
}

/// Rows of whole chunks, results of whole groups of columns: plain matrices then lie as pictures of one pixel do.
Refusal supports_gemm(const Problem &problem) {
  if (const Refusal r = refuse_product<op::GemmInteger>(problem); r != Refusal::none) return r;
  const Operand &a = source_of(problem, 0), &dst = problem.output();
  if (a.layout != Layout::plain || dst.layout != Layout::plain) return Refusal::other_layout;
  const bool whole = a.type.shape[1] % kMmaChunkBytes == 0 && dst.type.shape[1] % kIntegerLanes == 0;
  return whole ? Refusal::none : Refusal::other_shape;
}

MmaGeometry geometry(const Problem &problem, const op::ConvInteger &a, const Config &config) {
  return geometry_of(problem, a, Multiply::bytes, config);
}

MmaGeometry geometry(const Problem &problem, const op::GemmInteger &, const Config &config) {
  const Shape &a = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  const auto u = [](int64_t v) { return static_cast<uint32_t>(v); };
  MmaGeometry p{};
  p.multiply = Multiply::bytes;
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  p.rows = u(dst[0]);
  p.columns = p.stored_columns = u(dst[1]);
  p.in_chunks = u(a[1]) / kMmaChunkBytes;
  p.out_h = p.out_w = p.in_h = p.in_w = p.kernel_w = p.taps = 1;
  p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = 1;
  p.slices = (p.chunks() + kMmaChunks - 1) / kMmaChunks;
  p.tile = u(config.v[0]);
  p.splits = u(config.v[1]);
  return p;
}

size_t rescale_offset(const MmaIntegerParams &p) {
  return align_up(p.outside + kMmaChunkBytes);
}

template <class T>
MmaIntegerParams params_of(const Problem &problem, const Config &config) {
  MmaIntegerParams p{};
  static_cast<MmaGeometry &>(p) = geometry(problem, *first_as<T>(problem), config);
  p.bias = align_up(p.weights_bytes());
  p.outside = align_up(p.bias + p.stored_columns * sizeof(int32_t));
  p.rescale = *match_rescale(problem, 1, rescale_offset(p));
  return p;
}

template <class T>
std::vector<Config> configs(const Problem &problem) {
  return tile_configs([&](const Config &config) { return geometry(problem, *first_as<T>(problem), config); });
}

template <class T>
double estimate(const Problem &problem, const Config &config, int) {
  return seconds_of(geometry(problem, *first_as<T>(problem), config));
}

template <class T>
Booking book(const Problem &problem, const Config &config) {
  const auto p = params_of<T>(problem, config);
  Booking booking;
  booking.set_params(p);
  booking.tasks = {1};
  booking.weights_bytes = rescale_offset(p) + rescale_bytes(problem, 1);
  if (p.splits > 1) booking.scratch_bytes = size_t{p.splits} * p.rows * p.stored_columns * sizeof(int32_t);
  return booking;
}

template <class T>
void pack(const Problem &problem, const Config &config, std::span<const Tensor> constants, std::byte *packed) {
  const auto p = params_of<T>(problem, config);
  const auto zero = static_cast<int32_t>(first_as<T>(problem)->zero);
  std::memset(packed, 0, rescale_offset(p));
  const auto weights = constant_of(problem, constants, 1).as<int8_t>();
  const auto channels = static_cast<size_t>(source_of(problem, 0).type.shape[1]);
  const size_t stored = size_t{p.in_chunks} * kMmaChunkBytes, depth = size_t{p.slices} * kMmaSliceBytes;
  auto *bias = reinterpret_cast<uint32_t *>(packed + p.bias);
  for (size_t column = 0; column < p.columns; ++column) {
    int32_t sum = 0;
    for (size_t c = 0; c < channels; ++c) {
      for (size_t tap = 0; tap < p.taps; ++tap) {
        const int8_t weight = weights[(column * channels + c) * p.taps + tap];
        reinterpret_cast<int8_t *>(packed)[column * depth + tap * stored + c] = weight;
        sum += weight;
      }
    }
    const uint32_t given =
        source_count(problem) > 2 ? static_cast<uint32_t>(constant_of(problem, constants, 2).as<int32_t>()[column]) : 0;
    bias[column] = given - static_cast<uint32_t>(zero) * static_cast<uint32_t>(sum);
  }
  std::memset(packed + p.outside, zero, kMmaChunkBytes);
  pack_rescale(problem, 1, constants, packed + rescale_offset(p));
}

/// What the kernels compute, by the indices that they compute with.
void task(const StepArgs &args, TaskId) {
  const auto &p = args.params_as<MmaIntegerParams>();
  const auto *src = static_cast<const uint8_t *>(args.src[p.source]);
  const auto *weights = reinterpret_cast<const int8_t *>(args.weights);
  const auto *outside = reinterpret_cast<const uint8_t *>(args.weights + p.outside);
  const auto *bias = reinterpret_cast<const int32_t *>(args.weights + p.bias);
  auto *parts = reinterpret_cast<int32_t *>(args.scratch);
  const Rescale rescale = Rescale::of(p.rescale, args);
  const auto product = [&](int64_t from, uint32_t weight) {
    return static_cast<int32_t>(from < 0 ? outside[0] : src[from]) * static_cast<int32_t>(weights[weight]);
  };
  const auto store = [&](uint32_t row, uint32_t column, uint32_t part, const int32_t(&v)[kIntegerLanes]) {
    if (p.splits == 1) return finish_integers(p, v, bias, rescale, row, column);
    std::memcpy(parts + (size_t{part} * p.rows + row) * p.stored_columns + column, v, sizeof v);
  };
  for_each_dot<int32_t>(p, product, store);
  if (p.splits == 1) return;
  const MmaIntegerSum sums{p, parts, bias, rescale};
  for (uint32_t i = 0; i < sums.count(); ++i) sums(i);
}

template <class T>
Row row(const char *name, Refusal (*supports)(const Problem &)) {
  Tactic tactic{name, 1, Isa::scalar, Numerics::bit_exact, supports, configs<T>, estimate<T>, book<T>, pack<T>, task};
  tactic.on_gpu = true;
  tactic.compute = 80;
  return {tactic, Kernel::mma_integer};
}

}  // namespace

Row mma_conv_integer_row() {
  return row<op::ConvInteger>("cuda.mma.conv_u8s8s32", supports_conv);
}
Row mma_gemm_integer_row() {
  return row<op::GemmInteger>("cuda.mma.gemm_u8s8s32", supports_gemm);
}

}  // namespace stretto::kernels::cuda
