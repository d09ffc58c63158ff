// Pooling of bytes over two axes and their reductions: largest and smallest as they are, means rounded to even, sums in
// i32. One result a thread.
#pragma once

#include "kernels/cuda/pool.h"

namespace stretto::kernels::cuda {

/// sum / count rounded to even.
STRETTO_BOTH inline int32_t rounded_mean(int64_t sum, uint32_t count) {
  return static_cast<int32_t>(rint(static_cast<double>(sum) / static_cast<double>(count)));
}

struct IntegerPoolParams {
  Order4 out;
  Strides4 in;
  Element element;
  bool average, include_pad;
  PoolAxis h, w;
};

struct IntegerPoolElement {
  using Params = IntegerPoolParams;
  IntegerPoolParams p;
  const void *src;
  uint8_t *dst;

  static uint32_t launches(const Params &) { return 1; }
  static IntegerPoolElement of(const Params &p, const StepArgs &args, uint32_t) {
    return {p, args.src[0], static_cast<uint8_t *>(args.dst)};
  }
  uint32_t count() const { return p.out.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    const Point4 to = p.out.point(i);
    if (to.c >= p.out.c) {
      dst[i] = 0;
      return;
    }
    const auto y = p.h.taps(static_cast<int32_t>(to.h), p.include_pad);
    const auto x = p.w.taps(static_cast<int32_t>(to.w), p.include_pad);
    const int32_t top = static_cast<int32_t>(to.h) * p.h.stride - p.h.pad;
    const int32_t left = static_cast<int32_t>(to.w) * p.w.stride - p.w.pad;
    int64_t sum = 0;
    int32_t best = -128;
    for (int32_t kh = y.low; kh < y.high; ++kh) {
      for (int32_t kw = x.low; kw < x.high; ++kw) {
        const int32_t v = load_integer(src, p.element,
                                       p.in.at(to.n, to.c, static_cast<uint32_t>(top + kh * p.h.dilation),
                                               static_cast<uint32_t>(left + kw * p.w.dilation)));
        sum += v;
        best = v > best ? v : best;
      }
    }
    const auto count = static_cast<uint32_t>(y.divisor) * static_cast<uint32_t>(x.divisor);
    dst[i] = static_cast<uint8_t>(p.average ? rounded_mean(sum, count) : best);
  }
};

struct IntegerReduceParams {
  uint32_t total, reduced;
  Lanes lanes;  // of the result
  Element in, out;
  op::ReduceKind kind;
  Walk kept, within;  // where in the source: by element of the result, and by element of what is reduced
};

struct IntegerReduceElement {
  using Params = IntegerReduceParams;
  IntegerReduceParams p;
  const void *src;
  void *dst;

  static uint32_t launches(const Params &) { return 1; }
  static IntegerReduceElement of(const Params &p, const StepArgs &args, uint32_t) { return {p, args.src[0], args.dst}; }
  uint32_t count() const { return p.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    if (p.lanes.is_padding(i)) return clear_element(dst, p.out, i);
    const uint32_t first = p.kept.at(i);
    int64_t sum = 0;
    int32_t most = -128, least = 255;
    for (uint32_t k = 0; k < p.reduced; ++k) {
      const int32_t v = load_integer(src, p.in, first + p.within.at(k));
      sum += v;
      most = v > most ? v : most;
      least = v < least ? v : least;
    }
    if (p.kind == op::ReduceKind::sum) {
      static_cast<int32_t *>(dst)[i] = static_cast<int32_t>(static_cast<uint32_t>(sum));
      return;
    }
    const int32_t result = p.kind == op::ReduceKind::max   ? most
                           : p.kind == op::ReduceKind::min ? least
                                                           : rounded_mean(sum, p.reduced);
    static_cast<uint8_t *>(dst)[i] = static_cast<uint8_t>(result);
  }
};

}  // namespace stretto::kernels::cuda
