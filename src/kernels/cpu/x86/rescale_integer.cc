#include "kernels/cpu/x86/rescale_integer.h"

#include <optional>

#include "device/memory.h"
#include "kernels/cpu/x86/bytes.h"
#include "op/integer.h"

namespace stretto::kernels {
namespace {

using Work = RescaleParams::Work;

/// A refused problem, or what it needs beyond sizes: its constants by operand number, −1 where there is none.
struct Step {
  Refusal refusal = Refusal::none;
  RescaleParams p;
  int scales = -1, table = -1;
};

Step refused(Refusal refusal) {
  Step s;
  s.refusal = refusal;
  return s;
}

bool is_real(const Operand& o) {
  return o.type.dtype == DType::f32 && o.layout != Layout::c32h;
}

void bind_real(const Operand& real, RescaleParams& p) {
  p.real_step = real.layout == Layout::plain ? 1 : block_of(real.layout);
  if (p.real_step > 1) p.real_blocks = div_up(real.type.shape[1], p.real_step);
}

/// A pixel of a channel each: N,C,1,…
bool is_vector(const Shape& shape) {
  for (int i = 2; i < shape.size(); ++i) {
    if (shape[i] != 1) return false;
  }
  return shape.size() >= 2;
}

/// What lies in the source, by its type and layout.
Refusal bind_source(const Operand& src, int32_t zero, Step& s) {
  s.p.src_zero = zero + flip_of(src.type.dtype);
  s.p.flip = flip_of(src.type.dtype);
  if (src.type.dtype == DType::i32) {
    s.p.work = Work::rescale_sums;
    if (src.layout != Layout::plain) return Refusal::other_layout;
    return is_vector(src.type.shape) ? Refusal::none : Refusal::other_shape;
  }
  return is_blocked_bytes(src) ? Refusal::none : Refusal::other_layout;
}

Step quantize_step(const Problem& problem) {
  const auto& a = *first_as<op::Quantize>(problem);
  if (problem.nodes.size() != 1) return refused(Refusal::fused_operators);
  const Operand& src = first_input(problem, 0);
  Step s;
  s.p = quantize_params(a);
  if (!is_real(src) || !is_blocked_bytes(problem.output())) return refused(Refusal::other_layout);
  bind_real(src, s.p);
  return s;
}

Step dequantize_step(const Problem& problem) {
  const auto& a = *first_as<op::Dequantize>(problem);
  if (problem.nodes.size() != 1) return refused(Refusal::fused_operators);
  const Operand &src = first_input(problem, 0), &dst = problem.output();
  Step s;
  s.p.work = Work::dequantize;
  s.p.to_bytes = 0;
  s.scales = problem.nodes[0].inputs[1];
  if (!is_real(dst)) return refused(Refusal::other_layout);
  if (operand(problem, s.scales).type.shape[0] != 1 && a.axis != 1) return refused(Refusal::attributes);
  bind_real(dst, s.p);
  const Refusal refusal = bind_source(src, static_cast<int32_t>(a.zero), s);
  if (refusal == Refusal::none) return s;
  if (!is_byte(src.type.dtype) || src.layout != Layout::plain || dst.layout != Layout::plain) return refused(refusal);
  s.p.work = Work::dequantize_plain;
  return src.type.shape.size() >= 2 ? s : refused(Refusal::other_shape);
}

/// A lookup in a table of bytes after node 0.
Refusal bind_table(const Problem& problem, Step& s) {
  if (problem.nodes.size() == 1) return Refusal::none;
  const Problem::Node& node = problem.nodes[1];
  const bool looks_up = std::holds_alternative<op::Lookup>(node.attrs) && node.inputs[0] == problem.nodes[0].output;
  if (problem.nodes.size() > 2 || !looks_up) return Refusal::fused_operators;
  s.table = node.inputs[1];
  s.p.byte_table = 1;
  return is_byte(operand(problem, s.table).type.dtype) ? Refusal::none : Refusal::other_type;
}

Step requantize_step(const Problem& problem) {
  const auto& a = *first_as<op::Requantize>(problem);
  const Problem::Node& node = problem.nodes[0];
  const Operand& dst = problem.output();
  Step s;
  s.p.work = Work::requantize;
  s.scales = node.inputs[1];
  s.refusal = bind_source(first_input(problem, 0), static_cast<int32_t>(a.src_zero), s);
  if (s.refusal == Refusal::none) s.refusal = bind_table(problem, s);
  if (s.refusal != Refusal::none) return s;
  s.p.plain_bytes = s.p.work == Work::rescale_sums && dst.layout == Layout::plain;
  if (!s.p.plain_bytes && !is_blocked_bytes(dst)) return refused(Refusal::other_layout);
  s.p.zero = static_cast<int32_t>(a.zero);
  s.p.slope = a.slope;
  s.p.least = static_cast<float>(a.low - a.zero);
  s.p.most = static_cast<float>(a.high - a.zero);
  if (node.inputs.size() < 3) return s;
  const Operand& other = operand(problem, node.inputs[2]);
  if (other.role != Role::input || s.p.work == Work::rescale_sums) return refused(Refusal::other_operator);
  if (!is_blocked_bytes(other)) return refused(Refusal::other_layout);
  s.p.other = input_position(problem, node.inputs[2]);
  s.p.other_flip = flip_of(other.type.dtype);
  s.p.other_zero = static_cast<int32_t>(a.other_zero) + s.p.other_flip;
  s.p.other_scale = a.other_scale;
  return s;
}

Step look_up_step(const Problem& problem) {
  if (problem.nodes.size() != 1) return refused(Refusal::fused_operators);
  const Operand& dst = problem.output();
  Step s;
  s.p.work = Work::look_up;
  s.table = problem.nodes[0].inputs[1];
  s.p.byte_table = is_byte(dst.type.dtype);
  s.p.real_table = !s.p.byte_table;
  if (!is_blocked_bytes(first_input(problem, 0))) return refused(Refusal::other_layout);
  if (s.p.byte_table ? !is_blocked_bytes(dst) : !is_real(dst)) return refused(Refusal::other_layout);
  if (s.p.real_table) bind_real(dst, s.p);
  return s;
}

bool is_constant(const Problem& problem, int number) {
  return number < 0 || operand(problem, number).role == Role::constant;
}

Step step_of(const Problem& problem, Rescaling kind) {
  const op::Attrs& attrs = problem.nodes[0].attrs;
  Step s = refused(Refusal::other_operator);
  if (kind == Rescaling::quantize && std::holds_alternative<op::Quantize>(attrs)) s = quantize_step(problem);
  if (kind == Rescaling::dequantize && std::holds_alternative<op::Dequantize>(attrs)) s = dequantize_step(problem);
  if (kind == Rescaling::requantize && std::holds_alternative<op::Requantize>(attrs)) s = requantize_step(problem);
  if (kind == Rescaling::look_up && std::holds_alternative<op::Lookup>(attrs)) s = look_up_step(problem);
  if (s.refusal != Refusal::none) return s;
  const Operand& src = first_input(problem, 0);
  const Shape& shape = src.type.shape;
  if (src.role != Role::input) return refused(Refusal::other_operator);
  if (!is_constant(problem, s.scales) || !is_constant(problem, s.table)) return refused(Refusal::dynamic_weights);
  if (src.type.elements() >= int64_t{1} << 40 || shape[0] * (shape[1] + 16) > (1 << 28)) {
    return refused(Refusal::too_large);
  }
  return s;
}

void set_sizes(const Problem& problem, Step& s) {
  const Shape& shape = first_input(problem, 0).type.shape;
  RescaleParams& p = s.p;
  const bool plain = p.work == Work::dequantize_plain;
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  p.channels = static_cast<int32_t>(shape[1]);
  p.channel_blocks = div_up(shape[1], kByteBlock);
  p.planes = static_cast<int32_t>(shape[0]) * (plain ? p.channels : p.channel_blocks);
  for (int i = 2; i < shape.size(); ++i) p.pixels *= shape[i];
  p.one_scale = s.scales >= 0 && operand(problem, s.scales).type.shape[0] == 1;
  const PlaneSplit split = split_planes(p.planes, plain ? (p.pixels + 15) / 16 : p.pixels, kByteBlock);
  p.part = split.parts > 1 && plain ? split.part * 16 : split.part;
  if (split.parts == 1) p.part = p.pixels;
  p.parts = split.parts;
  p.plane_block = split.plane_block;
  if (s.scales >= 0) p.table = static_cast<int64_t>(align_up(static_cast<size_t>(p.channel_blocks) * 64));
}

}  // namespace

RescaleParams quantize_params(const op::Quantize& a) {
  RescaleParams p;
  p.work = Work::quantize;
  p.scale = a.scale;
  p.zero = static_cast<int32_t>(a.zero);
  p.least = static_cast<float>(op::lowest_of(a.to) - p.zero);
  p.most = static_cast<float>(op::highest_of(a.to) - p.zero);
  return p;
}

template <Rescaling kind>
Refusal RescaleInteger<kind>::supports(const Problem& problem) {
  return step_of(problem, kind).refusal;
}

template <Rescaling kind>
std::vector<Config> RescaleInteger<kind>::configs(const Problem&) {
  return {Config{}};
}

template <Rescaling kind>
double RescaleInteger<kind>::estimate(const Problem& problem, const Config&, int threads) {
  const auto n = static_cast<double>(problem.output().type.elements());
  return (problem.bytes() / 30e9 + n * 1.5e-10) / threads + 1.5e-6;
}

template <Rescaling kind>
Booking RescaleInteger<kind>::book(const Problem& problem, const Config&) {
  Step s = step_of(problem, kind);
  set_sizes(problem, s);
  Booking booking;
  booking.set_params(s.p);
  booking.tasks[0] = div_up(s.p.planes, s.p.plane_block) * s.p.parts;
  booking.weights_bytes = static_cast<size_t>(s.p.table);
  if (s.table >= 0) booking.weights_bytes += operand(problem, s.table).type.bytes();
  return booking;
}

template <Rescaling kind>
void RescaleInteger<kind>::pack(const Problem& problem, const Config&, std::span<const Tensor> constants,
                                std::byte* weights) {
  Step s = step_of(problem, kind);
  set_sizes(problem, s);
  const auto constant = [&](int number) { return constants[static_cast<size_t>(constant_position(problem, number))]; };
  std::memset(weights, 0, static_cast<size_t>(s.p.table));
  auto* scales = reinterpret_cast<float*>(weights);
  for (int c = 0; c < s.p.channels && s.scales >= 0; ++c) {
    scales[c] = constant(s.scales).template as<float>()[s.p.one_scale ? 0 : static_cast<size_t>(c)];
  }
  if (s.table < 0) return;
  const Tensor table = constant(s.table);
  std::memcpy(weights + s.p.table, table.data(), table.bytes());
}

template struct RescaleInteger<Rescaling::quantize>;
template struct RescaleInteger<Rescaling::dequantize>;
template struct RescaleInteger<Rescaling::requantize>;
template struct RescaleInteger<Rescaling::look_up>;

}  // namespace stretto::kernels
