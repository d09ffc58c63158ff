#include "kernels/cpu/x86/window.h"

#include <algorithm>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/window_params.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostSize = 1 << 20;    // of an image's side, a kernel, a stride, a pad
constexpr double kTaskBytes = 128 << 10;  // read and written by a task: about 10 µs

int32_t i32(int64_t v) {
  return static_cast<int32_t>(v);
}

}  // namespace

WindowParams window_params(const Problem& problem, int width, const Dims& kernel, const Dims& strides,
                           const Dims& dilations, const Dims& pads, const Config& config) {
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& dst = problem.output().type.shape;
  WindowParams p;
  p.channel_blocks = div_up(src[1], width);
  p.planes = i32(src[0]) * p.channel_blocks;
  p.ih = i32(src[2]);
  p.iw = i32(src[3]);
  p.oh = i32(dst[2]);
  p.ow = i32(dst[3]);
  p.kh = i32(kernel[0]);
  p.kw = i32(kernel[1]);
  p.sh = i32(strides[0]);
  p.sw = i32(strides[1]);
  p.dh = i32(dilations[0]);
  p.dw = i32(dilations[1]);
  p.pt = i32(pads[0]);
  p.pl = i32(pads[1]);
  p.pb = i32(pads[2]);
  p.pr = i32(pads[3]);
  p.inner_begin = std::min(p.ow, div_up(p.pl, p.sw));
  const int last = p.iw - 1 - (p.kw - 1) * p.dw + p.pl;  // of the leftmost column of a window, in padded columns
  p.inner_end = std::clamp(last < 0 ? 0 : last / p.sw + 1, p.inner_begin, p.ow);
  p.row_block = config.v[0];
  p.row_blocks = div_up(p.oh, p.row_block);
  p.plane_block = config.v[1];
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  return p;
}

namespace {

Refusal check_images(const Problem& problem, int width) {
  const Operand &src = first_input(problem, 0), &dst = problem.output();
  if (src.type.shape.size() != 4) return Refusal::other_shape;
  if (!is_f32(problem)) return Refusal::other_type;
  const Layout layout = blocked_layout(width);
  if (src.role != Role::input || src.layout != layout || dst.layout != layout) return Refusal::other_layout;
  if (src.type.elements() == 0 || dst.type.elements() == 0) return Refusal::other_shape;
  for (int i = 2; i < 4; ++i) {
    if (src.type.shape[i] > kMostSize || dst.type.shape[i] > kMostSize) return Refusal::too_large;
  }
  const bool large = src.type.shape[2] * src.type.shape[3] > (int64_t{1} << 26) ||
                     dst.type.shape[2] * dst.type.shape[3] > (int64_t{1} << 26);
  return large ? Refusal::too_large : Refusal::none;
}

Refusal check_window(const Dims& kernel, const Dims& strides, const Dims& dilations, const Dims& pads) {
  for (int i = 0; i < 2; ++i) {
    if (kernel[i] > 4096 || strides[i] > 4096 || dilations[i] > 4096) return Refusal::too_large;
    if (pads[i] > kMostSize || pads[2 + i] > kMostSize) return Refusal::too_large;
  }
  return Refusal::none;
}

/// Config: {rows of a task, planes of a task}; several planes only with all their rows.
std::vector<Config> row_configs(const Problem& problem, int width) {
  const Shape &src = first_input(problem, 0).type.shape, &dst = problem.output().type.shape;
  const int oh = i32(dst[2]);
  const double plane_bytes =
      static_cast<double>(element_bytes(width)) * width * static_cast<double>(src[2] * src[3] + dst[2] * dst[3]);
  const int planes = i32(src[0]) * div_up(src[1], width);
  const double wanted = std::clamp(plane_bytes * planes / kTaskBytes, 1.0, 64.0);  // tasks
  const int rows = div_up(oh, std::clamp(static_cast<int>(wanted / planes + 0.5), 1, oh));
  const int plane_block = rows < oh ? 1 : div_up(planes, std::clamp(static_cast<int>(wanted), 1, planes));
  std::vector<Config> configs{{{rows, plane_block, 0, 0}}};
  if (rows < oh) configs.push_back({{oh, 1, 0, 0}});
  if (plane_block > 1) configs.push_back({{oh, div_up(plane_block, 2), 0, 0}});
  return configs;
}

int32_t window_tasks(const WindowParams& p) {
  return div_up(p.planes, p.plane_block) * p.row_blocks;
}

double window_seconds(const Problem& problem, int width, double taps, int threads) {
  const Shape &src = first_input(problem, 0).type.shape, &dst = problem.output().type.shape;
  const auto bytes = static_cast<double>(element_bytes(width));
  const double in = static_cast<double>(stored_elements(src, blocked_layout(width)));
  const double out = static_cast<double>(stored_elements(dst, blocked_layout(width)));
  const double work = out * taps / std::max(width, 16) * 1.3 / 3.5e9;
  return (work + bytes * (in + out) / 30e9) / threads + 2e-6;
}

DepthwiseParams depthwise_params(const Problem& problem, const Config& config, int width) {
  const auto& conv = *first_as<op::Conv>(problem);
  const Shape& weights = first_input(problem, 1).type.shape;
  DepthwiseParams p;
  p.window = window_params(problem, width, {weights[2], weights[3]}, conv.strides, conv.dilations, conv.pads, config);
  p.weights = static_cast<int64_t>(align_up(static_cast<size_t>(p.window.channel_blocks) * width, 16));
  p.epilogue = epilogue_params(problem, width);
  return p;
}

}  // namespace

void pack_depthwise(const float* data, int64_t channels, int64_t taps, int width, float* out) {
  for (int64_t block = 0; block < div_up(channels, width); ++block) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t c = block * width; c < (block + 1) * width; ++c) *out++ = c < channels ? data[c * taps + tap] : 0.0f;
    }
  }
}

PoolParams pool_params(const Problem& problem, int width, const Config& config) {
  const auto& pool = *first_as<op::Pool>(problem);
  PoolParams p;
  p.window = window_params(problem, width, pool.kernel, pool.strides, pool.dilations, pool.pads, config);
  p.average = pool.kind == op::PoolKind::average;
  p.count_pads = pool.count_include_pad;
  return p;
}

template <int width>
Refusal Depthwise<width>::supports(const Problem& problem) {
  const auto* conv = first_as<op::Conv>(problem);
  if (conv == nullptr) return Refusal::other_operator;
  if (Refusal r = check_images(problem, width); r != Refusal::none) return r;
  const Shape& src = first_input(problem, 0).type.shape;
  if (conv->group != src[1] || problem.output().type.shape[1] != src[1]) return Refusal::grouped;
  if (!has_constant_weights(problem)) return Refusal::dynamic_weights;
  const Shape& weights = first_input(problem, 1).type.shape;
  Refusal r = check_window({weights[2], weights[3]}, conv->strides, conv->dilations, conv->pads);
  return r != Refusal::none ? r : check_epilogue(problem);
}

template <int width>
std::vector<Config> Depthwise<width>::configs(const Problem& problem) {
  return row_configs(problem, width);
}

template <int width>
double Depthwise<width>::estimate(const Problem& problem, const Config&, int threads) {
  const Shape& weights = first_input(problem, 1).type.shape;
  return window_seconds(problem, width, static_cast<double>(weights[2] * weights[3]), threads);
}

template <int width>
Booking Depthwise<width>::book(const Problem& problem, const Config& config) {
  const DepthwiseParams p = depthwise_params(problem, config, width);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = window_tasks(p.window);
  const int64_t taps = static_cast<int64_t>(p.window.kh) * p.window.kw;
  booking.weights_bytes =
      static_cast<size_t>(p.weights + p.window.channel_blocks * taps * width) * element_bytes(width);
  return booking;
}

template <int width>
void Depthwise<width>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                            std::byte* weights) {
  const DepthwiseParams p = depthwise_params(problem, config, width);
  const Tensor kernel = constant_of(problem, constants, 1), bias = constant_of(problem, constants, 2);
  const auto* data = static_cast<const float*>(kernel.data());
  const int64_t channels = kernel.shape()[0], taps = static_cast<int64_t>(p.window.kh) * p.window.kw;
  std::vector<float> packed(static_cast<size_t>(p.weights + p.window.channel_blocks * taps * width));
  copy_padded(static_cast<const float*>(bias.data()), channels, p.weights, packed.data());
  pack_depthwise(data, channels, taps, width, packed.data() + p.weights);
  store_weights(width == 32 ? WeightKind::half : WeightKind::full, packed.data(), static_cast<int64_t>(packed.size()),
                weights);
}

template <int width>
Refusal BlockedPool<width>::supports(const Problem& problem) {
  const auto* pool = first_as<op::Pool>(problem);
  if (pool == nullptr) return Refusal::other_operator;
  if (problem.nodes.size() != 1) return Refusal::fused_operators;
  if (Refusal r = check_images(problem, width); r != Refusal::none) return r;
  return check_window(pool->kernel, pool->strides, pool->dilations, pool->pads);
}

template <int width>
std::vector<Config> BlockedPool<width>::configs(const Problem& problem) {
  return row_configs(problem, width);
}

template <int width>
double BlockedPool<width>::estimate(const Problem& problem, const Config&, int threads) {
  const auto& pool = *first_as<op::Pool>(problem);
  return window_seconds(problem, width, static_cast<double>(pool.kernel[0] * pool.kernel[1]), threads);
}

template <int width>
Booking BlockedPool<width>::book(const Problem& problem, const Config& config) {
  const PoolParams p = pool_params(problem, width, config);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = window_tasks(p.window);
  return booking;
}

template struct Depthwise<8>;
template struct Depthwise<16>;
template struct Depthwise<32>;
template struct BlockedPool<8>;
template struct BlockedPool<16>;
template struct BlockedPool<32>;

}  // namespace stretto::kernels
