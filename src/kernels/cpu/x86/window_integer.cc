#include "kernels/cpu/x86/window_integer.h"

#include <algorithm>

#include "kernels/cpu/x86/bytes.h"
#include "kernels/cpu/x86/window.h"
#include "kernels/cpu/x86/window_integer_params.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostTaps = 1 << 14;  // of an average
constexpr int64_t kMostPlane = 1 << 22;

Refusal check_source(const Problem& problem) {
  if (problem.nodes.size() != 1) return Refusal::fused_operators;
  const Operand& src = first_input(problem, 0);
  if (!is_byte(src.type.dtype)) return Refusal::other_type;
  if (src.role != Role::input || src.layout != Layout::c16) return Refusal::other_layout;
  const Shape& shape = src.type.shape;
  const bool large = shape[2] > 1 << 20 || shape[3] > 1 << 20 || shape[2] * shape[3] > kMostPlane ||
                     shape[0] * (shape[1] + kByteBlock) > (1 << 28);
  return large ? Refusal::too_large : Refusal::none;
}

}  // namespace

Refusal PoolInteger::supports(const Problem& problem) {
  const auto* pool = first_as<op::Pool>(problem);
  if (pool == nullptr) return Refusal::other_operator;
  if (Refusal r = check_source(problem); r != Refusal::none) return r;
  if (problem.output().layout != Layout::c16) return Refusal::other_layout;
  const Shape& dst = problem.output().type.shape;
  if (dst[2] > 1 << 20 || dst[3] > 1 << 20 || dst[2] * dst[3] > kMostPlane) return Refusal::too_large;
  for (int i = 0; i < 2; ++i) {
    if (pool->kernel[i] > 4096 || pool->strides[i] > 4096 || pool->dilations[i] > 4096) return Refusal::too_large;
    if (pool->pads[i] > 1 << 20 || pool->pads[2 + i] > 1 << 20) return Refusal::too_large;
  }
  return pool->kernel[0] * pool->kernel[1] > kMostTaps ? Refusal::too_large : Refusal::none;
}

std::vector<Config> PoolInteger::configs(const Problem& problem) {
  const Shape &src = first_input(problem, 0).type.shape, &dst = problem.output().type.shape;
  const auto oh = static_cast<int>(dst[2]), planes = static_cast<int>(src[0]) * div_up(src[1], kByteBlock);
  const double bytes = kByteBlock * static_cast<double>(src[2] * src[3] + dst[2] * dst[3]) * planes;
  const auto wanted = static_cast<int>(std::clamp(bytes / (64 << 10), 1.0, 64.0));  // tasks
  const int rows = planes >= wanted ? oh : div_up(oh, std::min(oh, div_up(wanted, planes)));
  return {{{rows, rows < oh ? 1 : div_up(planes, std::min(planes, wanted)), 0, 0}}};
}

double PoolInteger::estimate(const Problem& problem, const Config&, int threads) {
  const auto& pool = *first_as<op::Pool>(problem);
  const auto n = static_cast<double>(problem.output().type.elements() * pool.kernel[0] * pool.kernel[1]);
  return (n / 16 * 4e-10 + problem.bytes() / 30e9) / threads + 2e-6;
}

Booking PoolInteger::book(const Problem& problem, const Config& config) {
  const auto& pool = *first_as<op::Pool>(problem);
  PoolIntegerParams p;
  p.pool.window = window_params(problem, kByteBlock, pool.kernel, pool.strides, pool.dilations, pool.pads, config);
  p.pool.average = pool.kind == op::PoolKind::average;
  p.pool.count_pads = pool.count_include_pad;
  p.flip = flip_of(problem.output().type.dtype);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = div_up(p.pool.window.planes, p.pool.window.plane_block) * p.pool.window.row_blocks;
  return booking;
}

Refusal ReduceInteger::supports(const Problem& problem) {
  const auto* reduce = first_as<op::Reduce>(problem);
  if (reduce == nullptr) return Refusal::other_operator;
  if (Refusal r = check_source(problem); r != Refusal::none) return r;
  if (reduce->axes != Dims{2, 3}) return Refusal::attributes;
  const Operand &src = first_input(problem, 0), &dst = problem.output();
  const bool sum = reduce->kind == op::ReduceKind::sum;
  if (dst.layout != Layout::plain && (sum || dst.layout != Layout::c16)) return Refusal::other_layout;
  const int64_t pixels = src.type.shape[2] * src.type.shape[3];
  return reduce->kind == op::ReduceKind::mean && pixels > kMostTaps ? Refusal::too_large : Refusal::none;
}

std::vector<Config> ReduceInteger::configs(const Problem&) {
  return {Config{}};
}

double ReduceInteger::estimate(const Problem& problem, const Config&, int threads) {
  return problem.bytes() / 20e9 / threads + 1.5e-6;
}

Booking ReduceInteger::book(const Problem& problem, const Config&) {
  const Operand& src = first_input(problem, 0);
  const Shape& shape = src.type.shape;
  ReduceIntegerParams p;
  ReduceParams& r = p.reduce;
  r.kind = static_cast<ReduceParams::Kind>(static_cast<int>(first_as<op::Reduce>(problem)->kind));
  r.channels = static_cast<int32_t>(shape[1]);
  r.channel_blocks = div_up(shape[1], kByteBlock);
  r.planes = static_cast<int32_t>(shape[0]) * r.channel_blocks;
  r.pixels = static_cast<int32_t>(shape[2] * shape[3]);
  r.plane_block = split_planes(r.planes, div_up(r.pixels, 2), kByteBlock).plane_block;
  r.plain = problem.output().layout == Layout::plain;
  p.flip = flip_of(src.type.dtype);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = div_up(r.planes, r.plane_block);
  return booking;
}

}  // namespace stretto::kernels
