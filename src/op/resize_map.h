// Where an element of Resize's output comes from, for the oracle and every kernel alike.
//
// Coordinates are computed in single precision and in this order of operations, as ONNX Runtime does: which of two
// neighbours a tie rounds to depends on it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "op/attrs.h"

namespace stretto::op {

/// The coordinate in the input (of `in` elements) of output element `i` (of `out`); it may lie outside [0, in).
inline float resize_coordinate(ResizeCoordinate mode, int64_t i, int64_t in, int64_t out, float scale) {
  auto x = static_cast<float>(i);
  switch (mode) {
    case ResizeCoordinate::half_pixel:
      return (x + 0.5f) / scale - 0.5f;
    case ResizeCoordinate::pytorch_half_pixel:
      return out > 1 ? (x + 0.5f) / scale - 0.5f : 0.0f;
    case ResizeCoordinate::align_corners:
      return out > 1 ? x * static_cast<float>(in - 1) / static_cast<float>(out - 1) : 0.0f;
    case ResizeCoordinate::asymmetric:
      return x / scale;
  }
  return 0;
}

/// The input element that mode `nearest` copies, in [0, in).
inline int64_t resize_nearest(ResizeRounding rounding, float x, int64_t in) {
  x = std::clamp(x, 0.0f, static_cast<float>(in - 1));
  float rounded = 0;
  switch (rounding) {
    case ResizeRounding::round_prefer_floor:
      rounded = std::ceil(x - 0.5f);
      break;
    case ResizeRounding::round_prefer_ceil:
      rounded = std::round(x);
      break;
    case ResizeRounding::floor:
      rounded = std::floor(x);
      break;
    case ResizeRounding::ceil:
      rounded = std::ceil(x);
      break;
  }
  return std::clamp<int64_t>(static_cast<int64_t>(rounded), 0, in - 1);
}

/// Mode `linear` along one axis: element `first` weighs 1 − `fraction`, element `second` weighs `fraction`.
struct ResizeLinear {
  int64_t first = 0, second = 0;
  float fraction = 0;
};
inline ResizeLinear resize_linear(float x, int64_t in) {
  x = std::clamp(x, 0.0f, static_cast<float>(in - 1));
  auto first = std::min(static_cast<int64_t>(x), in - 1);
  return {first, std::min(first + 1, in - 1), x - static_cast<float>(first)};
}

/// Mode `cubic` along one axis: four elements (edges repeat) and their weights (Keys 1981, coefficient `a`).
struct ResizeCubic {
  std::array<int64_t, 4> at{};
  std::array<float, 4> weight{};
};
inline ResizeCubic resize_cubic(float x, int64_t in, float a) {
  x = std::clamp(x, -2.0f, static_cast<float>(in + 1));  // beyond, every tap is the same edge
  float left = std::floor(x), t = x - left, u = 1 - t;
  ResizeCubic c;
  for (int64_t k = 0; k < 4; ++k) {
    c.at[static_cast<size_t>(k)] = std::clamp<int64_t>(static_cast<int64_t>(left) - 1 + k, 0, in - 1);
  }
  c.weight = {((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a, ((a + 2) * t - (a + 3)) * t * t + 1,
              ((a + 2) * u - (a + 3)) * u * u + 1, ((a * (u + 1) - 5 * a) * (u + 1) + 8 * a) * (u + 1) - 4 * a};
  return c;
}

}  // namespace stretto::op
