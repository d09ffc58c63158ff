#include "kernels/cpu/x86/conv_pool.h"

#include <algorithm>

#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_first.h"
#include "kernels/cpu/x86/conv_pool_params.h"
#include "kernels/cpu/x86/group_parts.h"
#include "kernels/cpu/x86/window.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostScratchBytes = 16 << 20;

struct Parts {
  Problem conv, pool;
};

/// Of a problem whose last node is a pool of what the node before it makes.
template <int width>
Parts divide(const Problem& problem) {
  const size_t last = problem.nodes.size() - 1;
  return {part_of(problem, 0, last, width), part_of(problem, last, last + 1, width)};
}

const op::Pool& pool_of(const Problem& problem) {
  return std::get<op::Pool>(problem.nodes.back().attrs);
}

template <int width>
ConvPoolParams conv_pool_params(const Problem& problem, const Config& config) {
  const Parts parts = divide<width>(problem);
  const op::Pool& pool = pool_of(problem);
  ConvPoolParams p;
  p.conv = conv_first_params(parts.conv, config, width);
  p.pool = pool_params(parts.pool, width, {{config.v[1], 1, 0, 0}});
  p.slots = static_cast<int32_t>(std::min<int64_t>(pool.kernel[0], p.conv.oh));
  p.conv.dst_block = static_cast<int64_t>(p.slots) * p.conv.ow * width;
  p.ring = static_cast<int64_t>(conv_first_scratch(p.conv));
  return p;
}

template <int width>
int64_t scratch_bytes(const ConvPoolParams& p) {
  return p.ring + p.conv.oc_blocks * p.conv.dst_block * static_cast<int64_t>(element_bytes(width));
}

/// Every window meets the image.
bool meets_image(const WindowParams& w) {
  const int64_t down = int64_t{w.oh - 1} * w.sh, right = int64_t{w.ow - 1} * w.sw;
  return w.pt < w.kh && w.pl < w.kw && down - w.pt < w.ih && right - w.pl < w.iw;
}

}  // namespace

template <int width>
Refusal ConvFirstPool<width>::supports(const Problem& problem) {
  const size_t count = problem.nodes.size();
  if (count < 2 || first_as<op::Conv>(problem) == nullptr) return Refusal::other_operator;
  const auto* pool = std::get_if<op::Pool>(&problem.nodes.back().attrs);
  if (pool == nullptr) return Refusal::other_operator;
  if (problem.nodes.back().inputs[0] != problem.nodes[count - 2].output) return Refusal::fused_operators;
  if (first_input(problem, 0).type.shape.size() != 4) return Refusal::other_shape;
  const Parts parts = divide<width>(problem);
  if (Refusal r = ConvFirst<width>::supports(parts.conv); r != Refusal::none) return r;
  if (match_epilogue(parts.conv)->has_binary) return Refusal::fused_operators;
  if (Refusal r = BlockedPool<width>::supports(parts.pool); r != Refusal::none) return r;
  if (pool->dilations != Dims::filled(2, 1)) return Refusal::dilated;
  const ConvPoolParams p = conv_pool_params<width>(problem, {{1, 1, 0, 0}});
  if (!meets_image(p.pool.window)) return Refusal::padded;
  return scratch_bytes<width>(p) > kMostScratchBytes ? Refusal::too_large : Refusal::none;
}

template <int width>
std::vector<Config> ConvFirstPool<width>::configs(const Problem& problem) {
  const Shape& dst = problem.output().type.shape;
  const int oh = static_cast<int>(dst[2]);
  std::vector<Config> configs;
  // Every part computes kernel − stride rows of the convolution that another computes too.
  for (int parts : {2, 4, 8, 16}) {
    for (int blocks : conv_first_blocks(div_up(dst[1], width), width)) {
      const Config config{{blocks, div_up(oh, parts), 0, 0}};
      if (std::find(configs.begin(), configs.end(), config) == configs.end()) configs.push_back(config);
    }
  }
  return configs;
}

template <int width>
double ConvFirstPool<width>::estimate(const Problem& problem, const Config& config, int threads) {
  const Parts parts = divide<width>(problem);
  const ConvPoolParams p = conv_pool_params<width>(problem, config);
  const WindowParams& w = p.pool.window;
  const double twice = static_cast<double>(std::max(0, w.kh - w.sh)) / (w.row_block * w.sh);
  const double conv = ConvFirst<width>::estimate(parts.conv, {{config.v[0], 1, 0, 0}}, 1) * (1 + twice);
  const double pool = problem.output().type.elements() * w.kh * w.kw / 16.0 / 3.5e9;
  const int tasks = p.conv.batch * w.row_blocks;
  return (conv + pool) / tasks * div_up(tasks, std::min(tasks, threads)) + 2e-6;
}

template <int width>
Booking ConvFirstPool<width>::book(const Problem& problem, const Config& config) {
  const ConvPoolParams p = conv_pool_params<width>(problem, config);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = p.conv.batch * p.pool.window.row_blocks;
  booking.weights_bytes = conv_first_weights(p.conv, width);
  booking.worker_scratch_bytes = static_cast<size_t>(scratch_bytes<width>(p));
  return booking;
}

template <int width>
void ConvFirstPool<width>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                                std::byte* weights) {
  // The pool has no constants: those of the convolution are those of the whole.
  ConvFirst<width>::pack(divide<width>(problem).conv, {{config.v[0], 1, 0, 0}}, constants, weights);
}

template struct ConvFirstPool<8>;
template struct ConvFirstPool<16>;
template struct ConvFirstPool<32>;

}  // namespace stretto::kernels
