#include "kernels/cuda/hopper/patch.h"

#include <algorithm>
#include <cmath>

#include "kernels/cuda/common.h"
#include "kernels/cuda/hopper/common.h"
#include "kernels/cuda/hopper/conv.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace hopper {
namespace {

Refusal supports(const Problem &problem) {
  if (const Refusal r = refuse_product<op::Conv>(problem); r != Refusal::none) return r;
  const op::Conv &a = *first_as<op::Conv>(problem);
  const Shape &weights = source_of(problem, 1).type.shape;
  if (weights[2] != 3 || weights[3] != 3) return Refusal::other_shape;
  if (a.dilations[0] != 1 || a.dilations[1] != 1) return Refusal::dilated;
  if (a.strides[0] != a.strides[1] || a.strides[0] > 2) return Refusal::strided;
  if (lanes_of(source_of(problem, 0)).stored > kSlice << kMaxPatchSplitLog2) return Refusal::too_large;
  return Refusal::none;
}

PatchParams params_of(const Problem &problem, const Config &config) {
  const op::Conv &a = *first_as<op::Conv>(problem);
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const Shape &from = src.type.shape, &to = dst.type.shape;
  const auto i = [](int64_t v) { return static_cast<int32_t>(v); };
  PatchParams p{};
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  p.tile = config.v[0];
  p.trigger = config.v[kInNetwork];
  const int columns = kPatchColumns[p.tile];
  p.images = i(to[0]);
  p.columns = i(lanes_of(dst).stored);
  p.packed_columns = (p.columns + columns - 1) / columns * columns;
  p.out_h = i(to[2]);
  p.out_w = i(to[3]);
  p.in_h = i(from[2]);
  p.in_w = i(from[3]);
  p.in_c = i(lanes_of(src).stored);
  p.stride = i(a.strides[0]);
  p.pad_h = i(a.pads[0]);
  p.pad_w = i(a.pads[1]);
  while (p.in_c > kSlice << p.split_log2) ++p.split_log2;
  p.epilogue = epilogue_of(problem);
  return p;
}

/// By what was measured on an H100: the first blocks of a multiprocessor wait for one another's memory, later ones for
/// the multiprocessor.
double seconds_of(const PatchParams &p) {
  const double blocks = 1.0 * p.images * p.tiles_x() * p.tiles_y() * p.tiles_across() * (1 << p.split_log2);
  const int columns = kPatchColumns[p.tile];
  const double sums = p.split_log2 > 0 ? 900 : 0;
  const double first = 3400 + kPatchTaps * columns * 2.5 + sums, later = 500 + columns * 53 + 2 * sums;
  return (first + (waves_of(blocks, 1) - 1) * later) / kClock;
}

std::vector<Config> configs(const Problem &problem) {
  std::vector<Guess> guesses;
  for (int32_t tile = 0; tile < kPatchTileCount; ++tile) {
    const Config config{{tile, 0, 0, 0}};
    guesses.push_back({seconds_of(params_of(problem, config)), config});
  }
  return best_of(std::move(guesses), guesses.size());
}

double estimate(const Problem &problem, const Config &config, int) {
  return seconds_of(params_of(problem, config));
}

Booking book(const Problem &problem, const Config &config) {
  const PatchParams p = params_of(problem, config);
  Booking booking;
  booking.set_params(p);
  booking.tasks = {1};
  booking.weights_bytes = packed_bytes(static_cast<uint32_t>(p.slices()), static_cast<uint32_t>(p.packed_columns));
  return booking;
}

void pack(const Problem &problem, const Config &config, std::span<const Tensor> constants, std::byte *packed) {
  const PatchParams p = params_of(problem, config);
  pack_convolution(problem, constants, static_cast<uint32_t>(p.tap_depth()), static_cast<uint32_t>(p.slices()),
                   static_cast<uint32_t>(p.packed_columns), packed);
}

/// The patch of one block of a cluster, as it lies in shared memory.
void fill_patch(const PatchParams &p, const PatchPlace &at, int rank, const void *src, std::vector<float> &patch) {
  const int side = patch_pixels(p.stride);
  patch.assign(static_cast<size_t>(side * patch_pitch(p.stride) * kSlice), 0.0f);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const int32_t from = patch_source(p, at, y, x);
      for (int c = 0; c < kSlice && from >= 0 && rank * kSlice + c < p.in_c; ++c) {
        patch[static_cast<size_t>(patch_slot(p.stride, y, x) * kSlice + c)] =
            load(src, true, static_cast<uint32_t>(from + rank * kSlice + c));
      }
    }
  }
}

/// What the kernel computes, by its indices.
void task(const StepArgs &args, TaskId) {
  const auto &p = args.params_as<PatchParams>();
  const void *other = p.epilogue.other < 0 ? nullptr : args.src[p.epilogue.other];
  const auto packed_columns = static_cast<uint32_t>(p.packed_columns);
  const auto *bias =
      reinterpret_cast<const float *>(args.weights + bias_offset(static_cast<uint32_t>(p.slices()), packed_columns));
  std::vector<float> patch;
  for (int tile = 0; tile < p.images * p.tiles_x() * p.tiles_y(); ++tile) {
    const PatchPlace at = patch_place(p, tile);
    std::vector<float> sums(static_cast<size_t>(kPatchPixels * p.columns));
    for (int rank = 0; rank < 1 << p.split_log2; ++rank) {
      fill_patch(p, at, rank, args.src[p.source], patch);
      for (int i = 0; i < kPatchPixels * p.columns; ++i) {
        const int r = i / p.columns, column = i % p.columns;
        for (int tap = 0; tap < kPatchTaps && patch_row(p, at, r) >= 0; ++tap) {
          const float *a = patch.data() + patch_read(p.stride, tap, r) * kSlice;
          for (int k = 0; k < kSlice; ++k) {
            const auto depth = static_cast<uint32_t>(tap * p.tap_depth() + rank * kSlice + k);
            const size_t weight = weight_at(depth, static_cast<uint32_t>(column), packed_columns);
            sums[static_cast<size_t>(i)] += a[k] * load(args.weights, true, static_cast<uint32_t>(weight));
          }
        }
      }
    }
    for (int i = 0; i < kPatchPixels * p.columns; ++i) {
      const int row = patch_row(p, at, i / p.columns), column = i % p.columns;
      if (row < 0) continue;
      const auto to = static_cast<uint32_t>(row * p.columns + column);
      const float added = other == nullptr ? 0 : load(other, true, to);
      store(args.dst, true, to, p.epilogue.apply(sums[static_cast<size_t>(i)], bias[column], added));
    }
  }
}

}  // namespace
}  // namespace hopper

Row hopper_patch_row() {
  Tactic tactic{"cuda.hopper.patch", 1,
                Isa::scalar,         Numerics::rounding,
                hopper::supports,    hopper::configs,
                hopper::estimate,    hopper::book,
                hopper::pack,        hopper::task};
  tactic.on_gpu = true;
  tactic.compute = 90;
  return {tactic, Kernel::hopper_patch};
}

}  // namespace stretto::kernels::cuda
