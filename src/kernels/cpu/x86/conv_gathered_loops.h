// The loops of a gathered convolution: copying the taps, then the loops of a convolution.
#pragma once

#include "kernels/cpu/x86/conv_gathered_params.h"
#include "kernels/cpu/x86/conv_loops.h"

namespace stretto::kernels {
namespace {

/// What one tap of one plane reads, zeros where that is outside of the image. Returns past the last float written.
template <class V>
float* gather_tap(const ConvGatheredParams& p, const float* plane, int kh, int kw, float* out) {
  constexpr int W = V::width;
  const int left = kw * p.dw - p.pl;
  const int begin = least(p.ow, most(0, ceil_div(-left, p.sw)));
  const int end = least(p.ow, most(begin, ceil_div(p.iw - left, p.sw)));
  for (int oy = 0; oy < p.oh; ++oy, out += p.ow * W) {
    const int iy = oy * p.sh - p.pt + kh * p.dh;
    const bool inside = iy >= 0 && iy < p.ih;
    const float* row = inside ? plane + (static_cast<ptrdiff_t>(iy) * p.iw + left) * W : plane;
    for (int ox = 0; ox < p.ow; ++ox) {
      const bool read = inside && ox >= begin && ox < end;
      V::store(out + ox * W, read ? V::load(row + static_cast<ptrdiff_t>(ox) * p.sw * W) : V::zero());
    }
  }
  return out;
}

template <class V>
void gather_task(const ConvGatheredParams& p, const float* src, float* gathered, int task) {
  const ptrdiff_t plane = static_cast<ptrdiff_t>(p.ih) * p.iw * V::width;
  const ptrdiff_t row = static_cast<ptrdiff_t>(p.kw) * p.oh * p.ow * V::width;
  const int begin = task * p.rows_of_task, end = least(p.planes * p.kh, begin + p.rows_of_task);
  for (int i = begin; i < end; ++i) {
    float* out = gathered + i * row;
    for (int kw = 0; kw < p.kw; ++kw) out = gather_tap<V>(p, src + i / p.kh * plane, i % p.kh, kw, out);
  }
}

template <class I>
void conv_gathered_task(const StepArgs& args, TaskId id) {
  const ConvGatheredParams& p = *static_cast<const ConvGatheredParams*>(args.params);
  float* gathered = reinterpret_cast<float*>(args.scratch);
  if (id.phase == 0) {
    gather_task<typename I::V>(p, static_cast<const float*>(args.src[p.product.src]), gathered, id.index);
  } else {
    conv_task_of<I>(args, p.product, gathered, id);
  }
}

}  // namespace
}  // namespace stretto::kernels
