// A transposed convolution as plain ones: one for each output position modulo the strides.
#pragma once

#include "kernels/cpu/x86/blocked.h"

namespace stretto::kernels {

/// Along one axis, the outputs at `position` modulo the stride: output q takes inputs q − pad … q − pad + taps − 1, the
/// first of them with kernel element `last`, then `last` − stride, ….
struct TransposedAxis {
  int32_t taps, pad, last, outputs;
};

struct TransposedAxes {
  TransposedAxis y, x;
};

constexpr TransposedAxis transposed_axis(int position, int64_t stride, int64_t kernel, int64_t pad, int64_t out) {
  const int64_t at = position + pad, rest = at % stride;
  const int64_t taps = rest < kernel ? (kernel - rest + stride - 1) / stride : 0;
  return {static_cast<int32_t>(taps), static_cast<int32_t>(taps - 1 - at / stride),
          static_cast<int32_t>(rest + stride * (taps - 1)),
          static_cast<int32_t>((out - position + stride - 1) / stride)};
}

inline TransposedAxes transposed_axes(const op::ConvTranspose& conv, const Shape& weights, const Shape& dst, int pass) {
  const int sw = static_cast<int>(conv.strides[1]), py = pass / sw, px = pass % sw;
  return {transposed_axis(py, conv.strides[0], weights[2], conv.pads[0], dst[2]),
          transposed_axis(px, conv.strides[1], weights[3], conv.pads[1], dst[3])};
}

}  // namespace stretto::kernels
