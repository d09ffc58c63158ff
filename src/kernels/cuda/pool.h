// Pooling over two axes, reductions and softmax: one result a thread.
#pragma once

#include "kernels/cuda/math.h"

namespace stretto::kernels::cuda {

struct PoolAxis {
  int32_t in, kernel, stride, dilation, pad, pad_end;

  /// Taps [low, high) of the window of output `o` that lie in the input, and
  /// how many count for an average.
  struct Taps {
    int32_t low, high, divisor;
  };
  STRETTO_BOTH Taps taps(int32_t o, bool include_pad) const {
    const int32_t start = o * stride - pad;
    const int32_t low = start < 0 ? (-start + dilation - 1) / dilation : 0;
    int32_t high = start >= in ? 0 : (in - start + dilation - 1) / dilation;
    high = high < kernel ? high : kernel;
    high = high < low ? low : high;
    const int32_t room = (in + pad_end - start + dilation - 1) / dilation;
    return {low, high, !include_pad ? high - low : room < kernel ? room : kernel};
  }
};

struct PoolParams {
  Order4 out;
  Strides4 in;
  bool in_half, out_half, average, include_pad;
  PoolAxis h, w;
};

struct PoolElement {
  using Params = PoolParams;
  PoolParams p;
  const void *src;
  void *dst;

  static uint32_t launches(const Params &) { return 1; }
  static PoolElement of(const Params &p, const StepArgs &args, uint32_t) { return {p, args.src[0], args.dst}; }
  uint32_t count() const { return p.out.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    const Point4 to = p.out.point(i);
    if (to.c >= p.out.c) return store(dst, p.out_half, i, 0.0f);
    const auto y = p.h.taps(static_cast<int32_t>(to.h), p.include_pad);
    const auto x = p.w.taps(static_cast<int32_t>(to.w), p.include_pad);
    const int32_t top = static_cast<int32_t>(to.h) * p.h.stride - p.h.pad;
    const int32_t left = static_cast<int32_t>(to.w) * p.w.stride - p.w.pad;
    float sum = 0, best = -INFINITY;
    for (int32_t kh = y.low; kh < y.high; ++kh) {
      for (int32_t kw = x.low; kw < x.high; ++kw) {
        const float v = load(src, p.in_half,
                             p.in.at(to.n, to.c, static_cast<uint32_t>(top + kh * p.h.dilation),
                                     static_cast<uint32_t>(left + kw * p.w.dilation)));
        sum += v;
        best = v > best ? v : best;
      }
    }
    const float mean = sum / static_cast<float>(y.divisor * x.divisor);
    store(dst, p.out_half, i, p.average ? mean : best);
  }
};

struct ReduceParams {
  uint32_t total, reduced;
  bool in_half, out_half, lanes_padded;
  uint32_t lanes_stored, lanes_real;  // of the result
  op::ReduceKind kind;
  Walk kept, within;  // where in the source: by element of the result, and by
                      // element of what is reduced
};

struct ReduceElement {
  using Params = ReduceParams;
  ReduceParams p;
  const void *src;
  void *dst;

  static uint32_t launches(const Params &) { return 1; }
  static ReduceElement of(const Params &p, const StepArgs &args, uint32_t) { return {p, args.src[0], args.dst}; }
  uint32_t count() const { return p.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    if (p.lanes_padded && i % p.lanes_stored >= p.lanes_real) return store(dst, p.out_half, i, 0.0f);
    const uint32_t first = p.kept.at(i);
    float sum = 0, most = -INFINITY, least = INFINITY;
    for (uint32_t k = 0; k < p.reduced; ++k) {
      const float v = load(src, p.in_half, first + p.within.at(k));
      sum += v;
      most = v > most ? v : most;
      least = v < least ? v : least;
    }
    float result = sum;
    if (p.kind == op::ReduceKind::mean) result = sum / static_cast<float>(p.reduced);
    if (p.kind == op::ReduceKind::max) result = most;
    if (p.kind == op::ReduceKind::min) result = least;
    store(dst, p.out_half, i, result);
  }
};

/// Plain tensors: `rows` runs of `length` elements, `step` apart; run r begins
/// at r / step · step · length + r % step.
struct SoftmaxParams {
  uint32_t rows, length, step;
};

struct SoftmaxElement {
  using Params = SoftmaxParams;
  SoftmaxParams p;
  const float *src;
  float *dst;

  static uint32_t launches(const Params &) { return 1; }
  static SoftmaxElement of(const Params &p, const StepArgs &args, uint32_t) {
    return {p, static_cast<const float *>(args.src[0]), static_cast<float *>(args.dst)};
  }
  uint32_t count() const { return p.rows; }

  STRETTO_BOTH void operator()(uint32_t row) const {
    const uint32_t first = row / p.step * p.step * p.length + row % p.step, end = first + p.length * p.step;
    float most = -INFINITY, sum = 0;
    for (uint32_t i = first; i < end; i += p.step) most = src[i] > most ? src[i] : most;
    for (uint32_t i = first; i < end; i += p.step) sum += expf(src[i] - most);
    for (uint32_t i = first; i < end; i += p.step) dst[i] = expf(src[i] - most) / sum;
  }
};

}  // namespace stretto::kernels::cuda
