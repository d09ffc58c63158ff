#include "kernels/cpu/x86/conv_half_pack.h"

#include <algorithm>

#include "base/half.h"
#include "device/memory.h"
#include "kernels/cpu/x86/conv_half_params.h"
#include "kernels/cpu/x86/conv_split.h"

namespace stretto::kernels {
namespace {

/// Two input channels' weights for one block of output channels: the even ones, then the odd ones.
uint16_t* pack_pair(const WeightView& view, int first_oc, int oc, int c, int ic, int y, int x, uint16_t* out) {
  for (int odd = 0; odd < 2; ++odd) {
    for (int o = first_oc + odd; o < first_oc + kHalfWidth; o += 2) {
      for (int i = c; i < c + 2; ++i) *out++ = o < oc && i < ic ? f16_from_float(view.at(o, i, y, x)) : uint16_t{0};
    }
  }
  return out;
}

}  // namespace

uint16_t* pack_half_tiles(const WeightView& view, int oc, int ic, int kh, int kw, int blocks, uint16_t* out) {
  const int oc_blocks = div_up(oc, kHalfWidth), ic_blocks = div_up(ic, kHalfWidth);
  for (int first = 0; first < oc_blocks; first += blocks) {
    const int end = std::min(first + blocks, oc_blocks);
    for (int c_block = 0; c_block < ic_blocks; ++c_block) {
      for (int tap = 0; tap < kh * kw; ++tap) {
        for (int c = c_block * kHalfWidth; c < (c_block + 1) * kHalfWidth; c += 2) {
          for (int b = first; b < end; ++b) out = pack_pair(view, b * kHalfWidth, oc, c, ic, tap / kw, tap % kw, out);
        }
      }
    }
  }
  return out;
}

Booking book_conv_half(const ConvParams& p) {
  int64_t taps = 0;
  for (int i = 0; i < p.passes; ++i) taps = std::max(taps, int64_t{p.pass[i].kh} * p.pass[i].kw);
  const auto pixels = static_cast<size_t>(p.pixels) * static_cast<size_t>(p.blocks);
  ConvHalfParams params;
  params.conv = p;
  size_t bytes = 0;
  const auto reserve = [&](size_t count) {
    const size_t at = bytes;
    bytes += align_up(count);
    return static_cast<int64_t>(at);
  };
  reserve(pixels * kHalfWidth * kFloat);
  params.chunk = reserve(pixels * kHalfWidth * sizeof(uint16_t));
  params.units = reserve((static_cast<size_t>(p.ic_blocks * taps) + kUnitsAhead) * sizeof(HalfUnit));
  params.panel = reserve(panel_bytes(p, kHalfWidth));
  Booking booking;
  booking.set_params(params);
  booking.tasks[0] = conv_tasks(p);
  booking.weights_bytes =
      static_cast<size_t>(p.weights) * kFloat + static_cast<size_t>(p.groups * p.group_weights) * sizeof(uint16_t);
  booking.worker_scratch_bytes = bytes;
  return booking;
}

}  // namespace stretto::kernels
