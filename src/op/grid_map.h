// Where GridSample and RoiAlign take their elements from, for the oracle and every kernel alike: coordinates in single
// precision and in this order of operations, because which element is nearest depends on it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "op/attrs.h"

namespace stretto::op {

/// Coordinates beyond this are clamped: far outside of any picture, and safe to make integers of.
inline constexpr float kFarOutside = 1e9f;

/// Brings x into [low, high] by reflecting it at both.
inline float reflected(float x, float low, float high) {
  const float range = high - low;
  if (!(range > 0)) return low;
  float from = std::fabs(x - low);
  const float turns = std::floor(from / range);
  from -= turns * range;
  return std::fmod(turns, 2.0f) == 0 ? low + from : high - from;
}

/// The element that position `x` (−1 to 1) of the grid names along an axis of `size`; for `zeros` it may lie outside.
/// Not-a-number counts as −1.
inline float grid_coordinate(const GridSample& a, float x, int64_t size) {
  if (std::isnan(x)) x = -1;
  const auto n = static_cast<float>(size);
  const float at = a.align_corners ? (x + 1) / 2 * (n - 1) : ((x + 1) * n - 1) / 2;
  return std::clamp(at, -kFarOutside, kFarOutside);
}

/// The coordinate as the padding has it.
inline float grid_bounded(const GridSample& a, float at, int64_t size) {
  const auto last = static_cast<float>(size - 1);
  if (a.padding == GridPadding::border) return std::clamp(at, 0.0f, last);
  if (a.padding == GridPadding::reflection) {
    const float half = a.align_corners ? 0 : 0.5f;
    return std::clamp(reflected(at, -half, last + half), 0.0f, last);
  }
  return at;
}

/// Along one axis: elements and weights, up to four. An element of −1 lies outside and counts as 0.
struct GridTaps {
  int count = 1;
  int64_t at[4] = {};
  float weight[4] = {1, 0, 0, 0};
};

/// Element `i`, brought inside by the padding, or −1.
inline int64_t grid_element(const GridSample& a, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  if (a.padding == GridPadding::zeros) return -1;
  return static_cast<int64_t>(grid_bounded(a, static_cast<float>(i), size));
}

inline GridTaps grid_taps(const GridSample& a, float x, int64_t size) {
  float at = grid_coordinate(a, x, size);
  GridTaps taps;
  if (a.mode == GridMode::nearest) {
    at = grid_bounded(a, at, size);
    taps.at[0] = grid_element(a, static_cast<int64_t>(std::nearbyint(at)), size);
    return taps;
  }
  if (a.mode == GridMode::linear) {
    at = grid_bounded(a, at, size);
    const float left = std::floor(at);
    taps.count = 2;
    for (int k = 0; k < 2; ++k) taps.at[k] = grid_element(a, static_cast<int64_t>(left) + k, size);
    taps.weight[1] = at - left;
    taps.weight[0] = 1 - taps.weight[1];
    return taps;
  }
  constexpr float kA = -0.75f;  // Keys 1981
  const float left = std::floor(at), t = at - left, u = 1 - t;
  taps.count = 4;
  for (int k = 0; k < 4; ++k) taps.at[k] = grid_element(a, static_cast<int64_t>(left) - 1 + k, size);
  taps.weight[0] = ((kA * (t + 1) - 5 * kA) * (t + 1) + 8 * kA) * (t + 1) - 4 * kA;
  taps.weight[1] = ((kA + 2) * t - (kA + 3)) * t * t + 1;
  taps.weight[2] = ((kA + 2) * u - (kA + 3)) * u * u + 1;
  taps.weight[3] = ((kA * (u + 1) - 5 * kA) * (u + 1) + 8 * kA) * (u + 1) - 4 * kA;
  return taps;
}

/// Along one axis of a region: where it begins, the size of a bin, and the points in a bin.
struct RoiAxis {
  float start = 0, bin = 0;
  int64_t points = 1;
};
/// Bins of more pixels than this are sampled at so many points along an axis.
inline constexpr int64_t kMostRoiPoints = 64;

inline RoiAxis roi_axis(const RoiAlign& a, float begin, float end, int64_t bins) {
  const float offset = a.half_pixel ? 0.5f : 0.0f, start = begin * a.scale - offset;
  float size = end * a.scale - offset - start;
  if (!a.half_pixel) size = std::max(size, 1.0f);
  const float bin = size / static_cast<float>(bins);
  int64_t points = a.sampling;
  if (points == 0) points = bin > 0 ? static_cast<int64_t>(std::ceil(std::min(bin, 1e6f))) : 0;
  return {start, bin, std::clamp<int64_t>(points, 0, kMostRoiPoints)};
}

/// Along one axis: two elements and their weights; none outside by more than one element.
struct RoiTaps {
  bool inside = false;
  int64_t low = 0, high = 0;
  float fraction = 0;
};
inline RoiTaps roi_taps(const RoiAxis& axis, int64_t bin, int64_t point, int64_t size) {
  float at = axis.start + static_cast<float>(bin) * axis.bin +
             (static_cast<float>(point) + 0.5f) * axis.bin / static_cast<float>(axis.points);
  const auto n = static_cast<float>(size);
  if (!(at >= -1 && at <= n)) return {};
  at = std::max(at, 0.0f);
  const int64_t low = std::min(static_cast<int64_t>(at), size - 1), high = std::min(low + 1, size - 1);
  return {true, low, high, low == high ? 0.0f : at - static_cast<float>(low)};
}

}  // namespace stretto::op
