#include "quantize/scale_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stretto::quantize {
namespace {

constexpr int kFractions = 61;
constexpr float kLeastFraction = 0.4f;

double squared_error(std::span<const float> row, float scale) {
  double sum = 0;
  for (float w : row) {
    const float e = std::clamp(std::rint(w / scale), -127.f, 127.f) * scale - w;
    sum += double{e} * e;
  }
  return sum;
}

}  // namespace

Result<std::vector<float>> search_scales(const ProductWeights& weights, float src_scale) {
  STRETTO_ASSIGN(std::vector<float> scales, weight_scales(weights, src_scale));
  const auto terms = static_cast<size_t>(weights.matrix.shape()[1]);
  for (size_t c = 0; c < scales.size(); ++c) {
    const std::span<const float> row = weights.matrix.as<float>().subspan(c * terms, terms);
    const float full = scales[c], least = least_scale(weights.bias[c], src_scale);
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < kFractions; ++i) {
      const float fraction = kLeastFraction + (1 - kLeastFraction) * static_cast<float>(i) / (kFractions - 1);
      const float scale = full * fraction;
      if (scale < least || !is_scale(scale)) continue;
      const double error = squared_error(row, scale);
      if (error > best) continue;  // of equals the largest
      best = error;
      scales[c] = scale;
    }
  }
  return scales;
}

}  // namespace stretto::quantize
