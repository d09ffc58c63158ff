#include "kernels/cpu/x86/move.h"

#include <algorithm>

#include "kernels/cpu/x86/bytes.h"
#include "kernels/cpu/x86/move_params.h"
#include "op/resize_map.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostSize = int64_t{1} << 28;

int32_t i32(int64_t v) {
  return static_cast<int32_t>(v);
}

template <Moved moved>
bool is_moved(const Problem& problem) {
  return moved == Moved::bytes ? is_bytes(problem) : is_f32(problem);
}

double moving_seconds(const Problem& problem, int threads) {
  return problem.bytes() / 30e9 / threads + 1.5e-6;
}

}  // namespace

template <int width, Moved moved>
Refusal Reformatted<width, moved>::supports(const Problem& problem) {
  if (first_as<op::Reformat>(problem) == nullptr) return Refusal::other_operator;
  if (problem.nodes.size() != 1) return Refusal::fused_operators;
  if (!is_moved<moved>(problem)) return Refusal::other_type;
  const Operand &src = first_input(problem, 0), &dst = problem.output();
  constexpr Layout layout = blocked_layout(width);
  const auto other = [](Layout l) { return l == Layout::plain || (width == 32 && l == Layout::c16); };
  const bool to_blocked = other(src.layout) && dst.layout == layout;
  const bool to_plain = src.layout == layout && other(dst.layout);
  if (src.role != Role::input || (!to_blocked && !to_plain)) return Refusal::other_layout;
  const Shape& shape = dst.type.shape;
  if (shape.size() != 4 || dst.type.elements() == 0) return Refusal::other_shape;
  const bool large = shape[2] * shape[3] > kMostSize || shape[0] * (shape[1] + width) > kMostSize;
  return large ? Refusal::too_large : Refusal::none;
}

template <int width, Moved moved>
std::vector<Config> Reformatted<width, moved>::configs(const Problem&) {
  return {Config{}};
}

template <int width, Moved moved>
double Reformatted<width, moved>::estimate(const Problem& problem, const Config&, int threads) {
  return moving_seconds(problem, threads);
}

template <int width, Moved moved>
Booking Reformatted<width, moved>::book(const Problem& problem, const Config&) {
  const Shape& shape = problem.output().type.shape;
  ReformatParams p;
  p.to_blocked = problem.output().layout == blocked_layout(width);
  p.c16 = (p.to_blocked ? first_input(problem, 0) : problem.output()).layout == Layout::c16;
  p.channels = i32(shape[1]);
  p.channel_blocks = div_up(shape[1], width);
  p.planes = i32(shape[0]) * p.channel_blocks;
  p.pixels = shape[2] * shape[3];
  const PlaneSplit split = split_planes(p.planes, p.pixels, width);
  p.plane_block = split.plane_block;
  p.parts = split.parts;
  p.part = split.part;
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = div_up(p.planes, p.plane_block) * p.parts;
  return booking;
}

template <int width, Moved moved>
Refusal Resample<width, moved>::supports(const Problem& problem) {
  const auto* resize = first_as<op::Resize>(problem);
  if (resize == nullptr) return Refusal::other_operator;
  if (problem.nodes.size() != 1) return Refusal::fused_operators;
  if (!is_moved<moved>(problem)) return Refusal::other_type;
  const Operand &src = first_input(problem, 0), &dst = problem.output();
  if (src.role != Role::input || src.layout != blocked_layout(width) || dst.layout != src.layout) {
    return Refusal::other_layout;
  }
  const bool linear = resize->mode == op::ResizeMode::linear && moved == Moved::reals;
  if (!linear && resize->mode != op::ResizeMode::nearest) return Refusal::attributes;
  if (src.type.elements() == 0 || dst.type.elements() == 0) return Refusal::other_shape;
  const Shape &in = src.type.shape, &out = dst.type.shape;
  const bool large = in[2] * in[3] > kMostSize / width || out[2] * out[3] > kMostSize / width ||
                     out[2] + out[3] > (1 << 20) || out[0] * (out[1] + width) > kMostSize;
  return large ? Refusal::too_large : Refusal::none;
}

template <int width, Moved moved>
std::vector<Config> Resample<width, moved>::configs(const Problem&) {
  return {Config{}};
}

template <int width, Moved moved>
double Resample<width, moved>::estimate(const Problem& problem, const Config&, int threads) {
  return moving_seconds(problem, threads);
}

template <int width, Moved moved>
Booking Resample<width, moved>::book(const Problem& problem, const Config&) {
  const auto& resize = *first_as<op::Resize>(problem);
  const Shape& in = first_input(problem, 0).type.shape;
  const Shape& out = problem.output().type.shape;
  ResampleParams p;
  p.linear = resize.mode == op::ResizeMode::linear;
  p.planes = i32(out[0]) * div_up(out[1], width);
  p.ih = i32(in[2]);
  p.iw = i32(in[3]);
  p.oh = i32(out[2]);
  p.ow = i32(out[3]);
  const PlaneSplit split = split_planes(p.planes, out[2] * out[3], width);
  p.row_block = div_up(p.oh, split.parts);
  p.row_blocks = div_up(p.oh, p.row_block);
  p.plane_block = split.plane_block;
  auto tap = [&](int64_t i, int64_t from, int64_t to, float scale) {
    const float x = op::resize_coordinate(resize.coordinate, i, from, to, scale);
    if (!p.linear) return ResampleTap{i32(op::resize_nearest(resize.rounding, x, from)), 0, 0};
    const op::ResizeLinear l = op::resize_linear(x, from);
    return ResampleTap{i32(l.first), i32(l.second), l.fraction};
  };
  std::vector<ResampleTap> taps;
  for (int64_t y = 0; y < out[2]; ++y) taps.push_back(tap(y, in[2], out[2], resize.scale_h));
  for (int64_t x = 0; x < out[3]; ++x) taps.push_back(tap(x, in[3], out[3], resize.scale_w));
  Booking booking;
  booking.set_params(p);
  append_bytes(booking.params, taps.data(), taps.size() * sizeof(ResampleTap));
  booking.tasks[0] = div_up(p.planes, p.plane_block) * p.row_blocks;
  return booking;
}

template struct Reformatted<8>;
template struct Reformatted<16>;
template struct Reformatted<32>;
template struct Reformatted<16, Moved::bytes>;
template struct Resample<8>;
template struct Resample<16>;
template struct Resample<32>;
template struct Resample<16, Moved::bytes>;

}  // namespace stretto::kernels
