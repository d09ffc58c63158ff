#include "kernels/cpu/x86/conv_gathered.h"

#include <algorithm>

#include "device/memory.h"
#include "kernels/cpu/x86/conv_direct.h"
#include "kernels/cpu/x86/conv_gathered_params.h"
#include "kernels/cpu/x86/conv_split.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostGathered = 8 << 20;  // bytes: what is gathered is to stay in a cache
constexpr int kGatherTasks = 16;
constexpr double kGatherBytesPerSecond = 8e9;

int64_t gathered_bytes(const ConvGatheredParams& p, int width) {
  return int64_t{p.planes} * p.kh * p.kw * p.oh * p.ow * width * static_cast<int64_t>(kFloat);
}

/// All but the product's split.
ConvGatheredParams shape_of(const Problem& problem, int width) {
  ConvGatheredParams p;
  p.product = conv_params(problem, width);
  ConvParams& q = p.product;
  ConvPass& pass = q.pass[0];
  p.planes = q.batch * q.ic_blocks;
  p.kh = pass.kh;
  p.kw = pass.kw;
  p.pt = pass.pt;
  p.pl = pass.pl;
  p.ih = q.ih;
  p.iw = q.iw;
  p.sh = q.sh;
  p.sw = q.sw;
  p.dh = q.dh;
  p.dw = q.dw;
  p.oh = pass.oh;
  p.ow = pass.ow;
  p.rows_of_task = div_up(int64_t{p.planes} * p.kh, kGatherTasks);
  const int taps = p.kh * p.kw;
  q.ic_blocks *= taps;
  if (taps > 1) q.last_quads = width / 4;  // channels that are missing are zeros in src
  q.sh = q.sw = q.dh = q.dw = 1;
  q.ih = 1;
  q.iw = p.oh * p.ow;
  q.src_block = int64_t{q.iw} * width;
  q.dst_row = q.dst_block;
  pass.kh = pass.kw = 1;
  pass.pt = pass.pl = 0;
  pass.oh = 1;
  pass.ow = q.iw;
  return p;
}

ConvGatheredParams params_of(const Problem& problem, const Config& config, int width) {
  ConvGatheredParams p = shape_of(problem, width);
  apply_split(config, width, p.product);
  return p;
}

}  // namespace

template <int width, WeightKind kind>
Refusal ConvGathered<width, kind>::supports(const Problem& problem) {
  if (Refusal r = check_conv(problem, width); r != Refusal::none) return r;
  const auto& conv = *first_as<op::Conv>(problem);
  if (conv.group != 1) return Refusal::grouped;
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& kernel = first_input(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  const bool copies = kernel[2] == 1 && kernel[3] == 1 && conv.strides == Dims{1, 1};
  if (copies) return Refusal::other_shape;
  // Each factor is below 2^31, and what check_conv left of them.
  const int64_t vectors = dst[0] * dst[2] * dst[3] * div_up(src[1], width);
  const int64_t most = kMostGathered / static_cast<int64_t>(kFloat) / width;
  if (vectors > most || vectors * kernel[2] * kernel[3] > most) return Refusal::too_large;
  return Refusal::none;
}

template <int width, WeightKind kind>
std::vector<Config> ConvGathered<width, kind>::configs(const Problem& problem) {
  return streaming_splits(shape_of(problem, width).product, width);
}

template <int width, WeightKind kind>
double ConvGathered<width, kind>::estimate(const Problem& problem, const Config& config, int threads) {
  const ConvGatheredParams p = params_of(problem, config, width);
  const auto bytes = static_cast<double>(gathered_bytes(p, width));
  return conv_seconds(p.product, width, threads) + bytes / kGatherBytesPerSecond / threads + 2e-6;
}

template <int width, WeightKind kind>
Booking ConvGathered<width, kind>::book(const Problem& problem, const Config& config) {
  const ConvGatheredParams p = params_of(problem, config, width);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = div_up(int64_t{p.planes} * p.kh, p.rows_of_task);
  booking.tasks[1] = conv_tasks(p.product);
  booking.weights_bytes = conv_weights_bytes(p.product, kind);
  booking.scratch_bytes = align_up(static_cast<size_t>(gathered_bytes(p, width)));
  return booking;
}

template <int width, WeightKind kind>
void ConvGathered<width, kind>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                                     std::byte* weights) {
  pack_conv(problem, params_of(problem, config, width).product, width, kind, constants, weights);
}

template struct ConvGathered<8>;
template struct ConvGathered<16>;
template struct ConvGathered<8, WeightKind::half>;
template struct ConvGathered<16, WeightKind::half>;

}  // namespace stretto::kernels
