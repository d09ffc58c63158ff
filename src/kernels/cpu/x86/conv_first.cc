#include "kernels/cpu/x86/conv_first.h"

#include <algorithm>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"

namespace stretto::kernels {
namespace {

constexpr int kMostChannels = 8;

}  // namespace

ConvFirstParams conv_first_params(const Problem& problem, const Config& config, int width) {
  const auto& conv = *first_as<op::Conv>(problem);
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& weights = first_input(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  ConvFirstParams p;
  auto i32 = [](int64_t v) { return static_cast<int32_t>(v); };
  p.batch = i32(src[0]);
  p.channels = i32(src[1]);
  p.ih = i32(src[2]);
  p.iw = i32(src[3]);
  p.oh = i32(dst[2]);
  p.ow = i32(dst[3]);
  p.kh = i32(weights[2]);
  p.kw = i32(weights[3]);
  p.sh = i32(conv.strides[0]);
  p.sw = i32(conv.strides[1]);
  p.dh = i32(conv.dilations[0]);
  p.dw = i32(conv.dilations[1]);
  p.pt = i32(conv.pads[0]);
  p.pl = i32(conv.pads[1]);
  p.oc_blocks = div_up(dst[1], width);
  p.blocks = config.v[0];
  p.row_block = config.v[1];
  p.row_blocks = div_up(p.oh, std::max(1, p.row_block));
  const int slack = std::max(first_tile_pixels(width, 1), first_tile_pixels(width, 2));
  p.row_floats = div_up((p.ow + slack - 1) * p.sw + (p.kw - 1) * p.dw + 1, 16) * 16;
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  p.weights = static_cast<int64_t>(align_up(static_cast<size_t>(p.oc_blocks) * width, 16));
  p.dst_block = static_cast<int64_t>(p.oh) * p.ow * width;
  p.epilogue = epilogue_params(problem, width);
  return p;
}

size_t conv_first_weights(const ConvFirstParams& p, int width) {
  return static_cast<size_t>(p.weights + static_cast<int64_t>(p.oc_blocks) * p.channels * p.kh * p.kw * width) * kFloat;
}

size_t conv_first_scratch(const ConvFirstParams& p) {
  return align_up(static_cast<size_t>(p.channels) * p.kh * p.row_floats * kFloat);
}

std::vector<int> conv_first_blocks(int oc_blocks, int width) {
  std::vector<int> blocks;
  if (oc_blocks >= 2) blocks.push_back(2);
  if (width == 16 && oc_blocks >= 4) blocks.push_back(4);
  if (width == 32 || blocks.empty()) blocks.insert(blocks.begin(), 1);
  return blocks;
}

template <int width>
Refusal ConvFirst<width>::supports(const Problem& problem) {
  const auto* conv = first_as<op::Conv>(problem);
  if (conv == nullptr) return Refusal::other_operator;
  const Operand& src = first_input(problem, 0);
  const Shape& dst = problem.output().type.shape;
  if (src.type.shape.size() != 4) return Refusal::other_shape;
  if (!is_f32(problem)) return Refusal::other_type;
  if (src.layout != Layout::plain || problem.output().layout != blocked_layout(width)) return Refusal::other_layout;
  if (src.role != Role::input || !has_constant_weights(problem)) return Refusal::dynamic_weights;
  if (conv->group != 1) return Refusal::grouped;
  if (src.type.shape[1] > kMostChannels || src.type.elements() == 0 || problem.output().type.elements() == 0) {
    return Refusal::other_shape;
  }
  if (conv->strides[1] != 1 && conv->strides[1] != 2 && conv->strides[1] != 4) return Refusal::strided;
  const Shape& weights = first_input(problem, 1).type.shape;
  const bool large = weights[2] > 64 || weights[3] > 64 || conv->strides[0] > 1024 || conv->dilations[0] > 64 ||
                     conv->dilations[1] > 64 || conv->pads[1] > 4096 || dst[3] > (1 << 16) || dst[2] > (1 << 16) ||
                     src.type.shape[2] > (1 << 16) || src.type.shape[3] > (1 << 16);
  if (large) return Refusal::too_large;
  return check_epilogue(problem);
}

template <int width>
std::vector<Config> ConvFirst<width>::configs(const Problem& problem) {
  const Shape& dst = problem.output().type.shape;
  const int oh = static_cast<int>(dst[2]);
  const std::vector<int> blocks = conv_first_blocks(div_up(dst[1], width), width);
  const double tasks = std::clamp(problem.flops() / 3e6 / static_cast<double>(dst[0]), 1.0, 64.0);
  std::vector<Config> configs;
  for (int b : blocks) configs.push_back({{b, div_up(oh, static_cast<int>(tasks)), 0, 0}});
  if (oh >= 8) configs.push_back({{blocks[0], div_up(oh, std::max(8, static_cast<int>(tasks / 4))), 0, 0}});
  return configs;
}

template <int width>
double ConvFirst<width>::estimate(const Problem& problem, const Config& config, int threads) {
  const Shape& dst = problem.output().type.shape;
  const double padded = problem.flops() * div_up(dst[1], width) * width / static_cast<double>(dst[1]);
  return padded / 85e9 / threads + 3e-6 + config.v[1] * 1e-9;
}

template <int width>
Booking ConvFirst<width>::book(const Problem& problem, const Config& config) {
  const ConvFirstParams p = conv_first_params(problem, config, width);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = p.batch * p.row_blocks;
  booking.weights_bytes = conv_first_weights(p, width);
  booking.worker_scratch_bytes = conv_first_scratch(p);
  return booking;
}

template <int width>
void ConvFirst<width>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                            std::byte* weights) {
  const ConvFirstParams p = conv_first_params(problem, config, width);
  const Tensor kernel = constant_of(problem, constants, 1), bias = constant_of(problem, constants, 2);
  auto* out = reinterpret_cast<float*>(weights);
  const auto* data = static_cast<const float*>(kernel.data());
  const int64_t oc = kernel.shape()[0], taps = static_cast<int64_t>(p.channels) * p.kh * p.kw;
  copy_padded(static_cast<const float*>(bias.data()), oc, p.weights, out);
  out += p.weights;
  for (int first = 0; first < p.oc_blocks;) {
    const int blocks = p.oc_blocks - first >= p.blocks ? p.blocks : 1;
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t o = first * width; o < (first + blocks) * width; ++o) *out++ = o < oc ? data[o * taps + tap] : 0.0f;
    }
    first += blocks;
  }
}

template struct ConvFirst<8>;
template struct ConvFirst<16>;
template struct ConvFirst<32>;

}  // namespace stretto::kernels
