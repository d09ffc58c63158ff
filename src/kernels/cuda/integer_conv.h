// Integer products: convolutions and their transposes over two axes, in groups, dilated, and matrices (whose rows are
// pictures of one pixel). One output a thread.
#pragma once

#include "kernels/cuda/conv.h"
#include "kernels/cuda/rescale.h"

namespace stretto::kernels::cuda {

/// Weights in i8, then at `bias` the bias in i32 where there is one, then what the rescaling reads.
struct IntegerConvParams : ConvGeometry {
  int32_t zero;  // of the source, which is u8
  uint64_t bias;
  RescaleParams rescale;
};

struct IntegerConvElement {
  using Params = IntegerConvParams;
  IntegerConvParams p;
  const uint8_t *src;
  const int8_t *weights;
  const int32_t *bias;
  Rescale rescale;

  static uint32_t launches(const Params &) { return 1; }
  static IntegerConvElement of(const Params &p, const StepArgs &args, uint32_t) {
    return {p, static_cast<const uint8_t *>(args.src[p.source]), reinterpret_cast<const int8_t *>(args.weights),
            reinterpret_cast<const int32_t *>(args.weights + p.bias), Rescale::of(p.rescale, args)};
  }
  uint32_t count() const { return p.out.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    const Point4 to = p.out.point(i);
    if (to.c >= p.out.c) return rescale.clear(i);
    const uint32_t first = to.c / p.out_group * p.in_group;
    int32_t sum = 0;
    for (int32_t kh = 0; kh < p.h.kernel; ++kh) {
      const int32_t y = p.h.input_of(static_cast<int32_t>(to.h), kh, p.transposed);
      if (y < 0) continue;
      for (int32_t kw = 0; kw < p.w.kernel; ++kw) {
        const int32_t x = p.w.input_of(static_cast<int32_t>(to.w), kw, p.transposed);
        if (x < 0) continue;
        uint32_t at = p.in.at(to.n, first, static_cast<uint32_t>(y), static_cast<uint32_t>(x));
        const int8_t *weight = weights + static_cast<size_t>(kh * p.w.kernel + kw) * p.in_group * p.out.c + to.c;
        for (uint32_t c = 0; c < p.in_group; ++c, at += p.in.c, weight += p.out.c) {
          sum += (static_cast<int32_t>(src[at]) - p.zero) * static_cast<int32_t>(*weight);
        }
      }
    }
    if (p.has_bias) sum = static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(bias[to.c]));
    rescale.store(i, rescale.becomes(sum, to.c, i));
  }
};

}  // namespace stretto::kernels::cuda
