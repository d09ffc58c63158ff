// Steps between real numbers and integers, and among these: quantize, dequantize, requantize and lookup. One element a
// thread.
#pragma once

#include "kernels/cuda/rescale.h"

namespace stretto::kernels::cuda {

struct RescaleElementParams {
  enum class Kind : int32_t { quantize, rescale, lookup };
  Kind kind;
  uint32_t total;  // of the result
  Lanes lanes;
  Element from;
  bool dense;            // the source lies as the result does
  Walk walk;             // else where it lies, in the result's order
  uint32_t inner, size;  // element i has index i / inner % size of the scales' axis
  float scale;           // of quantize
  int32_t source;        // which input of the step
  RescaleParams rescale;
};

struct RescaleElement {
  using Params = RescaleElementParams;
  RescaleElementParams p;
  const void *src;
  Rescale rescale;

  static uint32_t launches(const Params &) { return 1; }
  static RescaleElement of(const Params &p, const StepArgs &args, uint32_t) {
    return {p, args.src[p.source], Rescale::of(p.rescale, args)};
  }
  uint32_t count() const { return p.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    if (p.lanes.is_padding(i)) return rescale.clear(i);
    const uint32_t at = p.dense ? i : p.walk.at(i);
    if (p.kind == Params::Kind::quantize) {
      const float x = static_cast<const float *>(src)[at];
      rescale.store(i, rescale.of_byte(p.rescale.rounded(x != x ? 0.0f : divided(x, p.scale))));
    } else if (p.kind == Params::Kind::lookup) {
      rescale.store(i, rescale.of_byte(load_integer(src, p.from, at)));
    } else {
      rescale.store(i, rescale.becomes(load_integer(src, p.from, at), i / p.inner % p.size, i));
    }
  }
};

}  // namespace stretto::kernels::cuda
