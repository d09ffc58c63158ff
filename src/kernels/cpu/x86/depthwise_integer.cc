#include "kernels/cpu/x86/depthwise_integer.h"

#include <algorithm>
#include <cmath>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_integer_pack.h"
#include "kernels/cpu/x86/integer_epilogue.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostScratch = 16 << 20;  // bytes of a worker
constexpr double kTaskCycles = 3e4;         // about 10 µs
constexpr size_t kReadPast = 64;            // pixels are read in fours

/// Rows of the kernel that one dot product takes.
constexpr int rows_of(IntegerIsa isa) {
  return has_vnni(isa) ? 4 : 2;
}

/// Cycles of a row of one plane.
double row_cycles(const IntegerPass& pass, IntegerIsa isa) {
  const int vector_pixels = integer_lanes(isa) / 4;
  const double products = div_up(pass.kh, rows_of(isa)) * pass.kw * (has_vnni(isa) ? 7.0 : 10.0);
  return div_up(pass.ow, vector_pixels) * (products + 14) + 2.0 * pass.ow;
}

DepthwiseIntegerParams depthwise_integer_params(const Problem& problem, IntegerIsa isa) {
  const auto& conv = *first_as<op::ConvInteger>(problem);
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& weights = first_input(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  DepthwiseIntegerParams params;
  ConvIntegerParams& p = params.conv;
  params.channel_blocks = div_up(src[1], kIntegerBlock);
  params.planes = static_cast<int32_t>(src[0]) * params.channel_blocks;
  p.ih = static_cast<int32_t>(src[2]);
  p.iw = static_cast<int32_t>(src[3]);
  p.sh = static_cast<int32_t>(conv.strides[0]);
  p.sw = static_cast<int32_t>(conv.strides[1]);
  p.dh = static_cast<int32_t>(conv.dilations[0]);
  p.dw = static_cast<int32_t>(conv.dilations[1]);
  p.zero = static_cast<int32_t>(conv.zero);
  IntegerPass& pass = p.pass[0];
  pass.kh = static_cast<int32_t>(weights[2]);
  pass.kw = static_cast<int32_t>(weights[3]);
  pass.pt = static_cast<int32_t>(conv.pads[0]);
  pass.pl = static_cast<int32_t>(conv.pads[1]);
  pass.oh = static_cast<int32_t>(dst[2]);
  pass.ow = static_cast<int32_t>(dst[3]);
  p.src_block = src[2] * src[3] * kIntegerBlock;
  p.dst_row = dst[3] * kIntegerBlock;
  p.dst_block = dst[2] * p.dst_row;
  p.epilogue = integer_epilogue_params(problem);
  const int64_t channels = static_cast<int64_t>(params.channel_blocks) * kIntegerBlock;
  p.scales = channels * 4;
  p.table = p.scales + channels * 4;
  p.weights = p.table + (p.epilogue.lookup ? 256 : 0);
  p.group_weights = int64_t{64} * div_up(pass.kh, rows_of(isa)) * pass.kw;
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  return params;
}

DepthwiseIntegerParams depthwise_integer_params(const Problem& problem, const Config& config, IntegerIsa isa) {
  DepthwiseIntegerParams params = depthwise_integer_params(problem, isa);
  params.conv.row_block = config.v[0];
  params.conv.row_blocks = div_up(params.conv.pass[0].oh, config.v[0]);
  params.plane_block = config.v[1];
  return params;
}

size_t copied_bytes(const ConvIntegerParams& p, int rows) {
  const IntegerPass& pass = p.pass[0];
  const int64_t span = static_cast<int64_t>(pass.kw - 1) * p.dw, phases = std::min<int64_t>(p.sw, span + 1);
  const int64_t in_rows = (rows - int64_t{1}) * p.sh + (pass.kh - int64_t{1}) * p.dh + 1;
  return static_cast<size_t>(in_rows * phases * (pass.ow + span / p.sw) * kIntegerBlock) + kReadPast;
}

/// Config: {rows of a task, planes of a task}; several planes only with all their rows.
std::vector<Config> depthwise_integer_configs(const Problem& problem, IntegerIsa isa) {
  const DepthwiseIntegerParams params = depthwise_integer_params(problem, isa);
  const IntegerPass& pass = params.conv.pass[0];
  std::vector<Config> configs;
  for (double share : {1.0, 0.25}) {
    const double cycles = row_cycles(pass, isa) * pass.oh * params.planes * share;
    const int tasks = 2 * static_cast<int>(std::clamp(std::ceil(cycles / kTaskCycles / 2), 1.0, 32.0));
    Config config;
    if (params.planes >= tasks) {
      config = {{pass.oh, div_up(params.planes, tasks), 0, 0}};
    } else {
      config = {{div_up(pass.oh, std::min(pass.oh, div_up(tasks, params.planes))), 1, 0, 0}};
    }
    if (std::find(configs.begin(), configs.end(), config) == configs.end()) configs.push_back(config);
  }
  return configs;
}

Refusal check_depthwise_integer(const Problem& problem, IntegerIsa isa) {
  const auto* conv = first_as<op::ConvInteger>(problem);
  if (conv == nullptr) return Refusal::other_operator;
  if (Refusal r = check_integer_conv(problem, isa); r != Refusal::none) return r;
  const Shape& src = first_input(problem, 0).type.shape;
  if (conv->group != src[1] || problem.output().type.shape[1] != src[1]) return Refusal::grouped;
  if (problem.output().type.dtype == DType::f32) return Refusal::other_type;
  for (int i = 0; i < 2; ++i) {
    if (conv->strides[i] > 1024 || conv->dilations[i] > 1024 || conv->pads[i] > 4096 || conv->pads[2 + i] > 4096) {
      return Refusal::too_large;
    }
  }
  const ConvIntegerParams p = depthwise_integer_params(problem, isa).conv;
  return copied_bytes(p, p.pass[0].oh) > kMostScratch ? Refusal::too_large : Refusal::none;
}

void pack_weights(const IntegerPass& pass, IntegerIsa isa, const int8_t* data, int64_t channels, std::byte* out) {
  const int rows = rows_of(isa);
  for (int64_t block = 0; block < div_up(channels, kIntegerBlock); ++block) {
    for (int y = 0; y < pass.kh; y += rows) {
      for (int x = 0; x < pass.kw; ++x, out += 64) {
        for (int k = 0; k < kIntegerBlock * rows; ++k) {
          const int64_t c = block * kIntegerBlock + k / rows;
          const int row = y + k % rows;
          const int8_t value = c < channels && row < pass.kh ? data[(c * pass.kh + row) * pass.kw + x] : int8_t{0};
          if (has_vnni(isa)) {
            reinterpret_cast<int8_t*>(out)[k] = value;
          } else {
            reinterpret_cast<int16_t*>(out)[k] = value;
          }
        }
      }
    }
  }
}

}  // namespace

template <IntegerIsa isa>
Refusal DepthwiseInteger<isa>::supports(const Problem& problem) {
  return check_depthwise_integer(problem, isa);
}

template <IntegerIsa isa>
std::vector<Config> DepthwiseInteger<isa>::configs(const Problem& problem) {
  return depthwise_integer_configs(problem, isa);
}

template <IntegerIsa isa>
double DepthwiseInteger<isa>::estimate(const Problem& problem, const Config&, int threads) {
  const DepthwiseIntegerParams params = depthwise_integer_params(problem, isa);
  const IntegerPass& pass = params.conv.pass[0];
  return row_cycles(pass, isa) * pass.oh * params.planes / 3e9 / threads + 2e-6;
}

template <IntegerIsa isa>
Booking DepthwiseInteger<isa>::book(const Problem& problem, const Config& config) {
  const DepthwiseIntegerParams params = depthwise_integer_params(problem, config, isa);
  Booking booking;
  booking.set_params(params);
  booking.tasks[0] = div_up(params.planes, params.plane_block) * params.conv.row_blocks;
  booking.weights_bytes = static_cast<size_t>(params.conv.weights + params.channel_blocks * params.conv.group_weights);
  booking.worker_scratch_bytes = align_up(copied_bytes(params.conv, params.conv.row_block));
  return booking;
}

template <IntegerIsa isa>
void DepthwiseInteger<isa>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                                 std::byte* weights) {
  const DepthwiseIntegerParams params = depthwise_integer_params(problem, config, isa);
  const ConvIntegerParams& p = params.conv;
  const Tensor kernel = constant_of(problem, constants, 1);
  const auto* data = static_cast<const int8_t*>(kernel.data());
  const int64_t channels = kernel.shape()[0], padded = static_cast<int64_t>(params.channel_blocks) * kIntegerBlock;
  auto* biases = reinterpret_cast<int32_t*>(weights);
  pack_integer_biases(problem, constants, channels, padded, biases);
  const int64_t taps = static_cast<int64_t>(p.pass[0].kh) * p.pass[0].kw;
  for (int64_t c = 0; c < channels; ++c) {
    int32_t sum = 0;
    for (int64_t i = 0; i < taps; ++i) sum += data[c * taps + i];
    biases[c] = static_cast<int32_t>(static_cast<uint32_t>(biases[c]) - static_cast<uint32_t>(p.zero * sum));
  }
  pack_integer_epilogue(problem, constants, channels, padded, reinterpret_cast<float*>(weights + p.scales),
                        weights + p.table);
  pack_weights(p.pass[0], isa, data, channels, weights + p.weights);
}

template struct DepthwiseInteger<IntegerIsa::avx2>;
template struct DepthwiseInteger<IntegerIsa::avx_vnni>;
template struct DepthwiseInteger<IntegerIsa::avx512>;
template struct DepthwiseInteger<IntegerIsa::avx512_vnni>;

}  // namespace stretto::kernels
