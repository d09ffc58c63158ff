#include "kernels/cpu/x86/depthwise_strip.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_integer_pack.h"
#include "kernels/cpu/x86/integer_epilogue.h"

namespace stretto::kernels {
namespace {

constexpr double kTaskCycles = 3e4;  // about 10 µs

/// Cycles of a row of one strip: shuffles and products, and what each pixel costs afterwards.
double strip_cycles(const DepthwiseStripParams& p) {
  return p.stride == 1 ? 20 : 28;
}

double plane_cycles(const DepthwiseStripParams& p, int rows) {
  return div_up(p.ow, kStripPixels) * (rows * strip_cycles(p) + 60);
}

int places(const DepthwiseStripParams& p) {
  return p.stride == 1 ? 2 : 1;
}

DepthwiseStripParams strip_params(const Problem& problem) {
  const auto& conv = *first_as<op::ConvInteger>(problem);
  const Shape &src = first_input(problem, 0).type.shape, &dst = problem.output().type.shape;
  DepthwiseStripParams p;
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  p.channel_blocks = div_up(src[1], kIntegerBlock);
  p.planes = static_cast<int32_t>(src[0]) * p.channel_blocks;
  p.ih = static_cast<int32_t>(src[2]);
  p.iw = static_cast<int32_t>(src[3]);
  p.oh = static_cast<int32_t>(dst[2]);
  p.ow = static_cast<int32_t>(dst[3]);
  p.stride = static_cast<int32_t>(conv.strides[0]);
  p.pt = static_cast<int32_t>(conv.pads[0]);
  p.pl = static_cast<int32_t>(conv.pads[1]);
  p.zero = static_cast<int32_t>(conv.zero);
  p.epilogue = integer_epilogue_params(problem);
  p.scales = int64_t{p.channel_blocks} * kIntegerBlock * 4;
  p.table = 2 * p.scales;
  p.weights = p.table + (p.epilogue.lookup ? 256 : 0);
  return p;
}

DepthwiseStripParams strip_params(const Problem& problem, const Config& config) {
  DepthwiseStripParams p = strip_params(problem);
  p.row_block = config.v[0];
  p.row_blocks = div_up(p.oh, p.row_block);
  p.plane_block = config.v[1];
  return p;
}

/// The weights of one block of channels.
void pack_block(const DepthwiseStripParams& p, const int8_t* data, int channels, std::byte* out) {
  auto* to = reinterpret_cast<int8_t*>(out);
  for (int y = 0; y < 3; ++y) {
    for (int place = 0; place < places(p); ++place, to += 64) {
      std::memset(to, 0, 64);
      for (int c = 0; c < channels; ++c) std::copy_n(data + c * 9 + y * 3, 3, to + c * 4 + place);
    }
  }
}

}  // namespace

Refusal DepthwiseStrip::supports(const Problem& problem) {
  const auto* conv = first_as<op::ConvInteger>(problem);
  if (conv == nullptr) return Refusal::other_operator;
  if (Refusal r = check_integer_conv(problem, IntegerIsa::avx512_vnni); r != Refusal::none) return r;
  const Shape &src = first_input(problem, 0).type.shape, &weights = first_input(problem, 1).type.shape;
  if (conv->group != src[1] || problem.output().type.shape[1] != src[1]) return Refusal::grouped;
  if (problem.output().type.dtype == DType::f32) return Refusal::other_type;
  const int64_t stride = conv->strides[0];
  if (stride > 2 || conv->strides[1] != stride || !(conv->dilations == Dims::filled(2, 1))) return Refusal::attributes;
  for (int64_t pad : conv->pads) {
    if (pad > 4096) return Refusal::too_large;
  }
  return weights[2] == 3 && weights[3] == 3 ? Refusal::none : Refusal::other_shape;
}

/// Config: {rows of a task, planes of a task}; several planes only with all their rows.
std::vector<Config> DepthwiseStrip::configs(const Problem& problem) {
  const DepthwiseStripParams p = strip_params(problem);
  std::vector<Config> configs;
  for (double share : {1.0, 0.25}) {
    const double cycles = plane_cycles(p, p.oh) * p.planes * share;
    const int tasks = 2 * static_cast<int>(std::clamp(std::ceil(cycles / kTaskCycles / 2), 1.0, 32.0));
    Config config{{p.oh, div_up(p.planes, tasks), 0, 0}};
    if (p.planes < tasks) config = {{div_up(p.oh, std::min(p.oh, div_up(tasks, p.planes))), 1, 0, 0}};
    if (std::find(configs.begin(), configs.end(), config) == configs.end()) configs.push_back(config);
  }
  return configs;
}

double DepthwiseStrip::estimate(const Problem& problem, const Config& config, int threads) {
  const DepthwiseStripParams p = strip_params(problem, config);
  return plane_cycles(p, p.row_block) * p.row_blocks * p.planes / 3e9 / threads + 2e-6;
}

Booking DepthwiseStrip::book(const Problem& problem, const Config& config) {
  const DepthwiseStripParams p = strip_params(problem, config);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = div_up(p.planes, p.plane_block) * p.row_blocks;
  booking.weights_bytes = static_cast<size_t>(p.weights) + static_cast<size_t>(p.channel_blocks * 3 * places(p) * 64);
  return booking;
}

void DepthwiseStrip::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                          std::byte* weights) {
  const DepthwiseStripParams p = strip_params(problem, config);
  const Tensor kernel = constant_of(problem, constants, 1);
  const auto* data = static_cast<const int8_t*>(kernel.data());
  const int64_t channels = kernel.shape()[0], padded = int64_t{p.channel_blocks} * kIntegerBlock;
  auto* biases = reinterpret_cast<int32_t*>(weights);
  pack_integer_biases(problem, constants, channels, padded, biases);
  for (int64_t c = 0; c < channels; ++c) {
    int32_t sum = 0;
    for (int64_t i = 0; i < 9; ++i) sum += data[c * 9 + i];
    biases[c] = static_cast<int32_t>(static_cast<uint32_t>(biases[c]) - static_cast<uint32_t>(p.zero * sum));
  }
  pack_integer_epilogue(problem, constants, channels, padded, reinterpret_cast<float*>(weights + p.scales),
                        weights + p.table);
  for (int block = 0; block < p.channel_blocks; ++block) {
    const int64_t first = int64_t{block} * kIntegerBlock;
    const auto count = static_cast<int>(std::min<int64_t>(kIntegerBlock, channels - first));
    pack_block(p, data + first * 9, count, weights + p.weights + int64_t{block} * 3 * places(p) * 64);
  }
}

}  // namespace stretto::kernels
