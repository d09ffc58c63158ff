#include "kernels/cuda/mma_conv.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "device/memory.h"
#include "kernels/cuda/common.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

constexpr int32_t kSplits[] = {1, 2, 3, 4, 6, 8, 12, 16};
/// Multiprocessors of the GPU that estimates think of, its clock, and what one
/// does in a cycle: products of f16, bytes from the second-level cache, and the
/// cycles that a slice takes to arrive while some are on their way.
constexpr double kMultiprocessors = 132, kClock = 1.7e9, kProducts = 1200, kBytes = 40, kSliceCycles = 200;
constexpr double kBlockCycles = 1500;

template <bool kHalf>
Refusal supports(const Problem &problem) {
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

template <bool kHalf>
MmaConvParams params_of(const Problem &problem, const Config &config) {
  const op::Conv &a = *first_as<op::Conv>(problem);
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const Shape &weights = source_of(problem, 1).type.shape, &from = src.type.shape, &to = dst.type.shape;
  const auto u = [](int64_t v) { return static_cast<uint32_t>(v); };
  const auto i = [](int64_t v) { return static_cast<int32_t>(v); };
  MmaConvParams p{};
  p.half = kHalf;
  p.out_half = is_half(dst.layout);
  p.has_bias = source_count(problem) > 2;
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  p.rows = u(to[0] * to[2] * to[3]);
  p.columns = u(to[1]);
  p.stored_columns = lanes_of(dst).stored;
  p.out_h = u(to[2]);
  p.out_w = u(to[3]);
  p.in_h = u(from[2]);
  p.in_w = u(from[3]);
  p.in_chunks = lanes_of(src).stored * (kHalf ? 2 : 4) / kMmaChunkBytes;
  p.kernel_w = u(weights[3]);
  p.taps = u(weights[2] * weights[3]);
  p.stride_h = i(a.strides[0]);
  p.stride_w = i(a.strides[1]);
  p.dilation_h = i(a.dilations[0]);
  p.dilation_w = i(a.dilations[1]);
  p.pad_h = i(a.pads[0]);
  p.pad_w = i(a.pads[1]);
  p.slices = (p.chunks() + kMmaChunks - 1) / kMmaChunks;
  p.tile = u(config.v[0]);
  p.splits = u(config.v[1]);
  p.epilogue = epilogue_of(problem);
  return p;
}

size_t weights_bytes(const MmaConvParams &p) {
  return align_up(size_t{p.stored_columns} * p.slices * kMmaSliceBytes);
}

double seconds_of(const MmaConvParams &p) {
  const MmaTile tile = kMmaTiles[p.tile];
  const double across = std::ceil(p.rows / static_cast<double>(tile.rows));
  const double blocks = across * std::ceil(p.stored_columns / static_cast<double>(tile.columns)) * p.splits;
  const double resident = std::clamp(std::floor(blocks / kMultiprocessors), 1.0, 3.0);
  const double products = tile.rows * tile.columns * 32.0 / kProducts;
  const double bytes = (tile.rows + tile.columns) * static_cast<double>(kMmaSliceBytes) / kBytes;
  const double slice = std::max({products * (p.half ? 1 : 2), bytes, kSliceCycles / resident});
  const double each = std::ceil(p.slices / static_cast<double>(p.splits)) * slice + kBlockCycles / resident;
  double seconds = 1e-6 + std::ceil(blocks / kMultiprocessors) * each / kClock;
  if (p.splits > 1) seconds += 2e-6 + 8.0 * p.rows * p.stored_columns * p.splits / 3e12;
  return seconds;
}

template <bool kHalf>
std::vector<Config> configs(const Problem &problem) {
  std::vector<std::pair<double, Config>> found;
  for (int32_t tile = 0; tile < kMmaTileCount; ++tile) {
    for (int32_t splits : kSplits) {
      const Config config{{tile, splits, 0, 0}};
      const MmaConvParams p = params_of<kHalf>(problem, config);
      if (splits > 1 && p.slices < 2 * p.splits) continue;
      found.emplace_back(seconds_of(p), config);
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const auto &x, const auto &y) { return x.first < y.first; });
  std::vector<Config> sorted;
  for (const auto &[seconds, config] : found) sorted.push_back(config);
  return sorted;
}

template <bool kHalf>
double estimate(const Problem &problem, const Config &config, int) {
  return seconds_of(params_of<kHalf>(problem, config));
}

template <bool kHalf>
Booking book(const Problem &problem, const Config &config) {
  const MmaConvParams p = params_of<kHalf>(problem, config);
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

template <bool kHalf>
void pack(const Problem &problem, const Config &config, std::span<const Tensor> constants, std::byte *packed) {
  const MmaConvParams p = params_of<kHalf>(problem, config);
  const auto constant = [&](int i) {
    const int operand = problem.nodes[0].inputs[static_cast<size_t>(i)];
    return constants[static_cast<size_t>(constant_position(problem, operand))].template as<float>();
  };
  std::memset(packed, 0, book<kHalf>(problem, config).weights_bytes);
  const auto weights = constant(1);
  const auto channels = static_cast<size_t>(source_of(problem, 0).type.shape[1]);
  const size_t stored = size_t{p.in_chunks} * kMmaChunkBytes / (kHalf ? 2 : 4);
  const size_t depth = size_t{p.slices} * kMmaSliceBytes / (kHalf ? 2 : 4);
  for (size_t column = 0; column < p.columns; ++column) {
    for (size_t c = 0; c < channels; ++c) {
      for (size_t tap = 0; tap < p.taps; ++tap) {
        const float value = weights[(column * channels + c) * p.taps + tap];
        const size_t at = column * depth + tap * stored + c;
        if constexpr (kHalf) {
          reinterpret_cast<uint16_t *>(packed)[at] = f16_from_float(value);
        } else {
          reinterpret_cast<float *>(packed)[at] = tf32_from(value);
        }
      }
    }
  }
  if (p.has_bias) std::memcpy(packed + weights_bytes(p), constant(2).data(), p.columns * sizeof(float));
}

/// What the kernels compute, by the indices that they compute with.
void task(const StepArgs &args, TaskId) {
  const auto &p = args.params_as<MmaConvParams>();
  const void *src = args.src[p.source];
  const auto *bias = reinterpret_cast<const float *>(args.weights + weights_bytes(p));
  const void *other = p.epilogue.binary ? args.src[p.epilogue.other] : nullptr;
  auto *parts = reinterpret_cast<float *>(args.scratch);
  const uint32_t lanes = kMmaChunkBytes / (p.half ? 2 : 4);
  const auto dot = [&](uint32_t row, uint32_t column, uint32_t part) {
    const MmaRow from = mma_row(p, row);
    float sum = 0;
    for (uint32_t chunk = 0; chunk < kMmaChunks; ++chunk) {
      MmaDepth depth = MmaDepth::at(p, p.slice_begin(part) * kMmaChunks + chunk);
      for (uint32_t s = p.slice_begin(part); s < p.slice_begin(part + 1); ++s, depth.advance(p)) {
        const int64_t source = mma_source(p, from, depth);
        const uint32_t weight = (column * p.slices * kMmaChunks + depth.chunk) * lanes;
        for (uint32_t lane = 0; lane < lanes && source >= 0; ++lane) {
          const float x = load(src, p.half, static_cast<uint32_t>(source) * lanes + lane);
          sum += (p.half ? x : tf32_from(x)) * load(args.weights, p.half, weight + lane);
        }
      }
    }
    return sum;
  };
  for (uint32_t row = 0; row < p.rows; ++row) {
    for (uint32_t column = 0; column < p.stored_columns; column += kLanes) {
      const size_t to = (size_t{row} * p.stored_columns + column) / kLanes;
      for (uint32_t part = 0; part < p.splits; ++part) {
        float v[kLanes];
        for (uint32_t k = 0; k < kLanes; ++k) v[k] = dot(row, column + k, part);
        if (p.splits > 1) {
          store_lanes(parts, false, size_t{part} * p.rows * p.stored_columns / kLanes + to, v);
        } else {
          mma_finish(p, v, bias, other, row, column);
          store_lanes(args.dst, p.out_half, to, v);
        }
      }
    }
  }
  if (p.splits == 1) return;
  const MmaSumLanes sums{p, parts, bias, other, args.dst};
  for (uint32_t i = 0; i < sums.count(); ++i) sums(i);
}

template <bool kHalf>
Row row(const char *name) {
  Tactic tactic{
      name,        1,           Isa::scalar, Numerics::rounding, supports<kHalf>, configs<kHalf>, estimate<kHalf>,
      book<kHalf>, pack<kHalf>, task};
  tactic.on_gpu = true;
  tactic.tf32 = !kHalf;
  tactic.compute = 80;
  return {tactic, Kernel::mma_conv};
}

}  // namespace

Row mma_conv_half_row() {
  return row<true>("cuda.mma.conv_f16");
}
Row mma_conv_tf32_row() {
  return row<false>("cuda.mma.conv_tf32");
}

}  // namespace stretto::kernels::cuda
