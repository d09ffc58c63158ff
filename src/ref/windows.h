// Inside ref/: convolution, its transpose and pooling, over any number of spatial axes.
#pragma once

#include <type_traits>
#include <vector>

#include "op/integer.h"
#include "ref/indexing.h"
#include "ref/values.h"

namespace stretto::ref {

/// An element of one channel's plane and the element of the kernel that meets it.
struct Tap {
  int64_t src = 0, kernel = 0;
};

/// Adds an innermost axis: each tap so far meets each pair of this axis.
inline std::vector<Tap> cross(const std::vector<Tap>& taps, const std::vector<Tap>& axis, int64_t src_size,
                              int64_t kernel_size) {
  std::vector<Tap> result;
  result.reserve(taps.size() * axis.size());
  for (const Tap& t : taps) {
    for (const Tap& p : axis) result.push_back({t.src * src_size + p.src, t.kernel * kernel_size + p.kernel});
  }
  return result;
}

/// The taps of a window that starts at `start`, inside an axis of `size` elements.
inline std::vector<Tap> window_taps(int64_t start, int64_t size, int64_t kernel, int64_t dilation) {
  std::vector<Tap> taps;
  int64_t first = start < 0 ? (-start + dilation - 1) / dilation : 0;
  for (int64_t k = first; k < kernel && start + k * dilation < size; ++k) taps.push_back({start + k * dilation, k});
  return taps;
}

/// Calls product(source element, weight element) for every pair that one element of a convolution sums; returns its
/// channel.
template <class F>
int64_t for_each_product(const op::Conv& a, const Types& t, int64_t linear, const F& product_of) {
  const Shape &src = t.shape(0), &weights = t.shape(1);
  Dims at = unravel(linear, t.out.shape);
  std::vector<Tap> taps{{0, 0}};
  for (int i = 0; i + 2 < src.size(); ++i) {
    int64_t start = at[2 + i] * a.strides[i] - a.pads[i];
    taps = cross(taps, window_taps(start, src[2 + i], weights[2 + i], a.dilations[i]), src[2 + i], weights[2 + i]);
  }
  int64_t plane = product(src, 2, src.size()), kernel = product(weights, 2, weights.size());
  int64_t channels = weights[1], first_channel = at[1] / (weights[0] / a.group) * channels;
  for (int64_t ic = 0; ic < channels; ++ic) {
    int64_t s = (at[0] * src[1] + first_channel + ic) * plane, w = (at[1] * channels + ic) * kernel;
    for (const Tap& tap : taps) product_of(s + tap.src, w + tap.kernel);
  }
  return at[1];
}

template <class F>
int64_t for_each_product(const op::ConvTranspose& a, const Types& t, int64_t linear, const F& product_of) {
  const Shape &src = t.shape(0), &weights = t.shape(1);
  Dims at = unravel(linear, t.out.shape);
  std::vector<Tap> taps{{0, 0}};
  for (int i = 0; i + 2 < src.size(); ++i) {
    std::vector<Tap> axis;  // input s lands on output s·stride + k·dilation − pad
    for (int64_t k = 0; k < weights[2 + i]; ++k) {
      int64_t reach = at[2 + i] + a.pads[i] - k * a.dilations[i];
      if (reach < 0) break;
      if (reach % a.strides[i] == 0 && reach / a.strides[i] < src[2 + i]) axis.push_back({reach / a.strides[i], k});
    }
    taps = cross(taps, axis, src[2 + i], weights[2 + i]);
  }
  int64_t plane = product(src, 2, src.size()), kernel = product(weights, 2, weights.size());
  int64_t channels = src[1] / a.group, group = at[1] / weights[1], oc = at[1] % weights[1];
  for (int64_t c = group * channels; c < (group + 1) * channels; ++c) {
    int64_t s = (at[0] * src[1] + c) * plane, w = (c * weights[1] + oc) * kernel;
    for (const Tap& tap : taps) product_of(s + tap.src, w + tap.kernel);
  }
  return at[1];
}

/// A convolution or its transpose in floating point.
template <class A, class R>
double convolve(const A& a, const Types& t, const R& read, int64_t linear) {
  double sum = 0;
  const int64_t channel =
      for_each_product(a, t, linear, [&](int64_t s, int64_t w) { sum += read.real(0, s) * read.real(1, w); });
  return t.in.size() > 2 ? sum + read.real(2, channel) : sum;
}

template <class V, class R>
V compute(const op::Conv& a, const Types& t, const R& read, int64_t linear) {
  return convolve(a, t, read, linear);
}

template <class V, class R>
V compute(const op::ConvTranspose& a, const Types& t, const R& read, int64_t linear) {
  return convolve(a, t, read, linear);
}

template <class V, class R>
V compute(const op::Pool& a, const Types& t, const R& read, int64_t linear) {
  const Shape& src = t.shape(0);
  Dims at = unravel(linear, t.out.shape);
  int spatial = src.size() - 2;
  std::vector<Tap> taps{{0, 0}};
  double padded = 1;  // elements of the window that lie in the input or its pads
  for (int i = 0; i < spatial; ++i) {
    int64_t start = at[2 + i] * a.strides[i] - a.pads[i];
    taps = cross(taps, window_taps(start, src[2 + i], a.kernel[i], a.dilations[i]), src[2 + i], a.kernel[i]);
    int64_t room = src[2 + i] + a.pads[spatial + i] - start;
    padded *= static_cast<double>(std::min(a.kernel[i], (room + a.dilations[i] - 1) / a.dilations[i]));
  }
  int64_t base = (at[0] * src[1] + at[1]) * product(src, 2, src.size());
  V best = read.template get<V>(0, base + taps.front().src), sum = 0;
  for (const Tap& tap : taps) {
    V x = read.template get<V>(0, base + tap.src);
    if (x > best) best = x;
    sum += x;
  }
  if (a.kind == op::PoolKind::max) return best;
  const double count = a.count_include_pad ? padded : static_cast<double>(taps.size());
  if constexpr (std::is_same_v<V, int64_t>) return op::rounded_mean(sum, static_cast<int64_t>(count));
  return sum / static_cast<V>(count);
}

}  // namespace stretto::ref
