// Depthwise convolutions and pooling of channels last: eight channels of a
// pixel a thread.
#pragma once

#include "kernels/cuda/chunk.h"
#include "kernels/cuda/pool.h"

namespace stretto::kernels::cuda {

/// An image's sizes by chunks of channels, and a window over it. The pads
/// behind count for averages alone.
struct LanesParams {
  uint32_t total, chunks, channels;  // of the result: chunks in all and of a
                                     // pixel; channels that are not padding
  uint32_t out_h, out_w, in_h, in_w;
  bool in_half, out_half, has_bias, average, include_pad;
  PoolAxis h, w;
  EpilogueParams epilogue;
  int32_t source;  // which input of the step
};

struct LanesPoint {
  uint32_t chunk, ow, oh,
      image;  // image: chunks of the source before this image
};
STRETTO_BOTH inline LanesPoint lanes_point(const LanesParams &p, uint32_t i) {
  LanesPoint at;
  at.chunk = i % p.chunks, i /= p.chunks;
  at.ow = i % p.out_w, i /= p.out_w;
  at.oh = i % p.out_h;
  at.image = i / p.out_h * p.in_h * p.in_w * p.chunks;
  return at;
}
/// The source's chunk of tap (kh, kw) of a window that lies inside.
STRETTO_BOTH inline uint32_t lanes_source(const LanesParams &p, const LanesPoint &at, int32_t kh, int32_t kw) {
  const auto y = static_cast<uint32_t>(static_cast<int32_t>(at.oh) * p.h.stride - p.h.pad + kh * p.h.dilation);
  const auto x = static_cast<uint32_t>(static_cast<int32_t>(at.ow) * p.w.stride - p.w.pad + kw * p.w.dilation);
  return at.image + (y * p.in_w + x) * p.chunks + at.chunk;
}

/// Weights lie packed as f32 [tap][channels, rounded up], then the bias
/// likewise.
struct DepthwiseLanes {
  using Params = LanesParams;
  LanesParams p;
  const void *src;
  const void *weights;
  const void *other;
  void *dst;

  static uint32_t launches(const Params &) { return 1; }
  static DepthwiseLanes of(const Params &p, const StepArgs &args, uint32_t) {
    return {p, args.src[p.source], args.weights, p.epilogue.binary ? args.src[p.epilogue.other] : nullptr, args.dst};
  }
  uint32_t count() const { return p.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    const LanesPoint at = lanes_point(p, i);
    const auto y = p.h.taps(static_cast<int32_t>(at.oh), false), x = p.w.taps(static_cast<int32_t>(at.ow), false);
    float sum[kLanes] = {}, v[kLanes], w[kLanes];
    for (int32_t kh = y.low; kh < y.high; ++kh) {
      for (int32_t kw = x.low; kw < x.high; ++kw) {
        load_lanes(src, p.in_half, lanes_source(p, at, kh, kw), v);
        load_lanes(weights, false, static_cast<uint32_t>(kh * p.w.kernel + kw) * p.chunks + at.chunk, w);
        for (uint32_t k = 0; k < kLanes; ++k) sum[k] += v[k] * w[k];
      }
    }
    if (p.has_bias) {
      load_lanes(weights, false, static_cast<uint32_t>(p.h.kernel * p.w.kernel) * p.chunks + at.chunk, w);
      for (uint32_t k = 0; k < kLanes; ++k) sum[k] += w[k];
    }
    p.epilogue.apply_lanes(sum, other, i);
    for (uint32_t k = 0; k < kLanes; ++k) sum[k] = at.chunk * kLanes + k < p.channels ? sum[k] : 0.0f;
    store_lanes(dst, p.out_half, i, sum);
  }
};

/// Padding lanes hold what pooling makes of the source's zeros: every window
/// sees one element at least.
struct PoolLanes {
  using Params = LanesParams;
  LanesParams p;
  const void *src;
  void *dst;

  static uint32_t launches(const Params &) { return 1; }
  static PoolLanes of(const Params &p, const StepArgs &args, uint32_t) { return {p, args.src[p.source], args.dst}; }
  uint32_t count() const { return p.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    const LanesPoint at = lanes_point(p, i);
    const auto y = p.h.taps(static_cast<int32_t>(at.oh), p.include_pad);
    const auto x = p.w.taps(static_cast<int32_t>(at.ow), p.include_pad);
    float result[kLanes], v[kLanes];
    for (uint32_t k = 0; k < kLanes; ++k) result[k] = p.average ? 0.0f : -INFINITY;
    for (int32_t kh = y.low; kh < y.high; ++kh) {
      for (int32_t kw = x.low; kw < x.high; ++kw) {
        load_lanes(src, p.in_half, lanes_source(p, at, kh, kw), v);
        for (uint32_t k = 0; k < kLanes; ++k) {
          result[k] = p.average ? result[k] + v[k] : v[k] > result[k] ? v[k] : result[k];
        }
      }
    }
    const auto divisor = static_cast<float>(y.divisor * x.divisor);
    for (uint32_t k = 0; k < kLanes && p.average; ++k) result[k] /= divisor;
    store_lanes(dst, p.out_half, i, result);
  }
};

}  // namespace stretto::kernels::cuda
