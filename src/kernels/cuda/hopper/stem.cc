#include "kernels/cuda/hopper/stem.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/cuda/common.h"
#include "kernels/cuda/hopper/common.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace hopper {
namespace {

bool begins_with(const Dims &pads, int64_t v) {
  return pads[0] == v && pads[1] == v;
}

Refusal supports(const Problem &problem) {
  const auto *conv = first_as<op::Conv>(problem);
  if (conv == nullptr) return Refusal::other_operator;
  if (const Refusal r = refuse_types(problem); r != Refusal::none) return r;
  if (problem.nodes.size() != 3) return Refusal::fused_operators;
  const auto *bounds = std::get_if<op::Unary>(&problem.nodes[1].attrs);
  const auto *pool = std::get_if<op::Pool>(&problem.nodes[2].attrs);
  if (bounds == nullptr || pool == nullptr) return Refusal::fused_operators;
  if (problem.nodes[1].inputs[0] != problem.nodes[0].output) return Refusal::fused_operators;
  if (problem.nodes[2].inputs[0] != problem.nodes[1].output) return Refusal::fused_operators;
  const bool from_zero =
      bounds->kind == op::UnaryKind::relu || (bounds->kind == op::UnaryKind::clip && bounds->a == 0 && bounds->b >= 0);
  if (!from_zero) return Refusal::attributes;
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  if (src.layout != Layout::plain || dst.layout != Layout::nhwc8h) return Refusal::other_layout;
  if (!reads_input(problem)) return Refusal::attributes;
  for (int i = 1; i < source_count(problem); ++i) {
    if (source_of(problem, i).role != Role::constant) return Refusal::dynamic_weights;
  }
  const Shape &weights = source_of(problem, 1).type.shape;
  const Dims ones = Dims::filled(2, 1), twos = Dims::filled(2, 2), threes = Dims::filled(2, 3);
  if (weights[0] != kStemColumns || weights[1] > 4 || conv->group != 1) return Refusal::other_shape;
  if (weights[2] != kStemTaps || weights[3] != kStemTaps) return Refusal::other_shape;
  if (pool->kind != op::PoolKind::max || !(pool->kernel == threes)) return Refusal::attributes;
  if (!(conv->strides == twos) || !(pool->strides == twos)) return Refusal::strided;
  if (!(conv->dilations == ones) || !(pool->dilations == ones)) return Refusal::dilated;
  if (!begins_with(conv->pads, 3) || !begins_with(pool->pads, 1)) return Refusal::padded;
  // Every window meets the convolution's pixels.
  const Shape &middle = operand_of(problem, problem.nodes[1].output).type.shape, &to = dst.type.shape;
  const bool meets = 2 * to[2] - 3 < middle[2] && 2 * to[3] - 3 < middle[3];
  return meets ? Refusal::none : Refusal::padded;
}

StemParams params_of(const Problem &problem) {
  const auto i = [](int64_t v) { return static_cast<int32_t>(v); };
  const Shape &from = source_of(problem, 0).type.shape, &to = problem.output().type.shape;
  const Shape &middle = operand_of(problem, problem.nodes[0].output).type.shape;
  const auto &bounds = std::get<op::Unary>(problem.nodes[1].attrs);
  const float high = bounds.kind == op::UnaryKind::clip ? bounds.b : std::numeric_limits<float>::infinity();
  return {i(from[0]), i(from[1]), i(from[2]), i(from[3]), i(middle[2]), i(middle[3]), i(to[2]), i(to[3]), high};
}

double estimate(const Problem &problem, const Config &, int) {
  return 3.5e-6 + params_of(problem).tiles() / kMultiprocessors * 1.6e-6;
}

Booking book(const Problem &problem, const Config &) {
  Booking booking;
  booking.set_params(params_of(problem));
  booking.tasks = {1};
  booking.weights_bytes = kStemWeightsBytes + kStemColumns * sizeof(float);
  return booking;
}

void pack(const Problem &problem, const Config &config, std::span<const Tensor> constants, std::byte *packed) {
  std::memset(packed, 0, book(problem, config).weights_bytes);
  const auto channels = static_cast<int>(source_of(problem, 0).type.shape[1]);
  const float *from = constant_of(problem, constants, 1).as<float>().data();
  for (int column = 0; column < kStemColumns; ++column) {
    for (int c = 0; c < channels; ++c) {
      for (int tap = 0; tap < kStemTaps * kStemTaps; ++tap) {
        const int depth = tap / kStemTaps * kStemTapRow + (tap % kStemTaps + 1) * 4 + c;
        store(packed, true, static_cast<uint32_t>(column * kStemDepth + depth), *from++);
      }
    }
  }
  if (source_count(problem) > 2) {
    std::memcpy(packed + kStemWeightsBytes, constant_of(problem, constants, 2).as<float>().data(),
                kStemColumns * sizeof(float));
  }
}

float rounded(float v) {
  return f16_to_float(f16_from_float(v));
}

/// What the kernel computes, by its indices.
void task(const StepArgs &args, TaskId) {
  const auto &p = args.params_as<StemParams>();
  const auto *src = static_cast<const float *>(args.src[0]);
  const auto *bias = reinterpret_cast<const float *>(args.weights + kStemWeightsBytes);
  std::vector<float> patch(kStemPatchH * kStemPatchW * 4), conv(kStemConvH * kStemConvW * kStemColumns);
  for (int tile = 0; tile < p.tiles(); ++tile) {
    const StemPlace at = stem_place(p, tile);
    for (int i = 0; i < kStemPatchH * kStemPatchW * 4; ++i) {
      const int32_t from = stem_source(p, at, i / 4 / kStemPatchW, i / 4 % kStemPatchW), c = i % 4;
      patch[static_cast<size_t>(i)] = from >= 0 && c < p.in_c ? rounded(src[from + c * p.in_h * p.in_w]) : 0.0f;
    }
    for (int i = 0; i < kStemConvH * kStemConvW * kStemColumns; ++i) {
      const int m = i / kStemColumns, column = i % kStemColumns;
      float sum = 0;
      for (int k = 0; k < kStemDepth; ++k) {
        const int row = m / kStemConvW * 2 + k / kStemTapRow, first = m % kStemConvW * 2 * 4 + k % kStemTapRow;
        sum += patch[static_cast<size_t>(row * kStemPatchW * 4 + first)] *
               load(args.weights, true, static_cast<uint32_t>(column * kStemDepth + k));
      }
      const Bounds bounds{0, p.high};
      conv[static_cast<size_t>(i)] = stem_is_inside(p, at, m) ? rounded(bounds.keep(sum + bias[column])) : 0.0f;
    }
    for (int i = 0; i < kStemPoolH * kStemPoolW * kStemColumns; ++i) {
      const int q = i / kStemColumns, y = at.y + q / kStemPoolW, x = at.x + q % kStemPoolW;
      if (y >= p.pool_h || x >= p.pool_w) continue;
      float best = 0;
      for (int w = 0; w < 9; ++w) {
        const int m = (q / kStemPoolW * 2 + w / 3) * kStemConvW + q % kStemPoolW * 2 + w % 3;
        best = std::max(best, conv[static_cast<size_t>(m * kStemColumns + i % kStemColumns)]);
      }
      const int to = ((at.image * p.pool_h + y) * p.pool_w + x) * kStemColumns + i % kStemColumns;
      store(args.dst, true, static_cast<uint32_t>(to), best);
    }
  }
}

}  // namespace
}  // namespace hopper

Row hopper_stem_row() {
  Tactic tactic{"cuda.hopper.stem", 1,           Isa::scalar,      Numerics::rounding,
                hopper::supports,   one_config,  hopper::estimate, hopper::book,
                hopper::pack,       hopper::task};
  tactic.on_gpu = true;
  tactic.half_weights = true;
  tactic.compute = 90;
  return {tactic, Kernel::hopper_stem};
}

}  // namespace stretto::kernels::cuda
