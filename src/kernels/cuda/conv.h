// Convolutions and their transposes over two axes, in groups, dilated, one
// output a thread.
#pragma once

#include "kernels/cuda/chunk.h"

namespace stretto::kernels::cuda {

/// One axis of the image.
struct ConvAxis {
  int32_t in, kernel, stride, dilation, pad;

  /// Where tap `k` of output `o` reads; negative: nowhere.
  STRETTO_BOTH int32_t input_of(int32_t o, int32_t k, bool transposed) const {
    if (!transposed) {
      const int32_t at = o * stride - pad + k * dilation;
      return at < in ? at : -1;
    }
    const int32_t at = o + pad - k * dilation;
    if (at < 0 || at % stride != 0) return -1;
    return at / stride < in ? at / stride : -1;
  }
};

/// Where a convolution reads. Its weights lie packed as [kernel h][kernel w][input channels of a group][all output
/// channels].
struct ConvGeometry {
  Order4 out;
  Strides4 in;
  bool has_bias, transposed;
  uint32_t in_group, out_group;  // channels of a group
  ConvAxis h, w;
  int32_t source;  // which input of the step

  uint32_t depth() const { return static_cast<uint32_t>(h.kernel * w.kernel) * in_group; }
};

/// Weights in f32, then the bias.
struct ConvParams : ConvGeometry {
  bool in_half, out_half;
  EpilogueParams epilogue;
};

struct ConvElement {
  using Params = ConvParams;
  ConvParams p;
  const void *src;
  const float *weights;
  const float *bias;
  const void *other;
  void *dst;

  static uint32_t launches(const Params &) { return 1; }
  static ConvElement of(const Params &p, const StepArgs &args, uint32_t) {
    const auto *weights = reinterpret_cast<const float *>(args.weights);
    return {p,
            args.src[p.source],
            weights,
            weights + size_t{p.depth()} * p.out.c,
            p.epilogue.binary ? args.src[p.epilogue.other] : nullptr,
            args.dst};
  }
  uint32_t count() const { return p.out.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    const Point4 to = p.out.point(i);
    if (to.c >= p.out.c) return store(dst, p.out_half, i, 0.0f);
    const uint32_t first = to.c / p.out_group * p.in_group;
    float sum = 0;
    for (int32_t kh = 0; kh < p.h.kernel; ++kh) {
      const int32_t y = p.h.input_of(static_cast<int32_t>(to.h), kh, p.transposed);
      if (y < 0) continue;
      for (int32_t kw = 0; kw < p.w.kernel; ++kw) {
        const int32_t x = p.w.input_of(static_cast<int32_t>(to.w), kw, p.transposed);
        if (x < 0) continue;
        uint32_t at = p.in.at(to.n, first, static_cast<uint32_t>(y), static_cast<uint32_t>(x));
        const float *weight = weights + static_cast<size_t>(kh * p.w.kernel + kw) * p.in_group * p.out.c + to.c;
        for (uint32_t c = 0; c < p.in_group; ++c, at += p.in.c, weight += p.out.c) {
          sum += load(src, p.in_half, at) * *weight;
        }
      }
    }
    if (p.has_bias) sum += bias[to.c];
    store(dst, p.out_half, i, p.epilogue.apply(sum, other, i));
  }
};

}  // namespace stretto::kernels::cuda
