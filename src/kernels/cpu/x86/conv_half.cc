#include "kernels/cpu/x86/conv_half.h"

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_direct.h"
#include "kernels/cpu/x86/conv_half_pack.h"
#include "kernels/cpu/x86/conv_half_params.h"
#include "kernels/cpu/x86/conv_split.h"

namespace stretto::kernels {

Refusal ConvHalf::supports(const Problem& problem) {
  if (Refusal r = check_conv(problem, kHalfWidth); r != Refusal::none) return r;
  const ConvParams p = conv_params(problem, kHalfWidth);
  return int64_t{p.ic_blocks} * p.pass[0].kh * p.pass[0].kw > kMostUnits ? Refusal::too_large : Refusal::none;
}

std::vector<Config> ConvHalf::configs(const Problem& problem) {
  return conv_splits(conv_params(problem, kHalfWidth), kHalfWidth);
}

double ConvHalf::estimate(const Problem& problem, const Config& config, int threads) {
  ConvParams p = conv_params(problem, kHalfWidth);
  apply_split(config, kHalfWidth, p);
  return conv_seconds(p, kHalfWidth, threads);
}

Booking ConvHalf::book(const Problem& problem, const Config& config) {
  ConvParams p = conv_params(problem, kHalfWidth);
  apply_split(config, kHalfWidth, p);
  return book_conv_half(p);
}

void ConvHalf::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                    std::byte* weights) {
  ConvParams p = conv_params(problem, kHalfWidth);
  apply_split(config, kHalfWidth, p);
  const Tensor kernel = constant_of(problem, constants, 1), bias = constant_of(problem, constants, 2);
  const Shape& shape = kernel.shape();
  const int64_t oc = shape[0] / p.groups;
  auto* out = reinterpret_cast<float*>(weights);
  copy_padded(static_cast<const float*>(bias.data()), shape[0], p.weights, out);
  auto* to = reinterpret_cast<uint16_t*>(out + p.weights);
  WeightView view{static_cast<const float*>(kernel.data()), shape[1] * shape[2] * shape[3], shape[2] * shape[3],
                  shape[3], 1};
  for (int g = 0; g < p.groups; ++g, view.data += oc * view.oc) {
    to = pack_half_tiles(view, static_cast<int>(oc), static_cast<int>(shape[1]), p.pass[0].kh, p.pass[0].kw, p.blocks,
                         to);
  }
}

}  // namespace stretto::kernels
