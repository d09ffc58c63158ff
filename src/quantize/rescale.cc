#include "quantize/rescale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "op/integer.h"

namespace stretto::quantize {

int32_t rescale_float(int32_t sum, float factor, int32_t zero, int32_t lowest, int32_t highest) {
  return op::round_to_integer(op::dequantize(sum, factor), zero, lowest, highest);
}

Result<FixedFactor> fixed_factor(double factor) {
  if (!(factor >= 0 && factor < 0x1p30)) {
    return bad_input(fmt::format("the factor {} of a rescaling must be at least 0 and below 2^30", factor));
  }
  if (factor < 0x1p-32) return FixedFactor{};
  int exponent = 0;
  double fraction = std::frexp(factor, &exponent);  // factor = fraction · 2^exponent, 1/2 ≤ fraction < 1
  int64_t multiplier = std::llrint(fraction * 0x1p31);
  if (multiplier == int64_t{1} << 31) {
    multiplier /= 2;
    ++exponent;
  }
  if (exponent > 30) return bad_input(fmt::format("the factor {} of a rescaling rounds to 2^30", factor));
  return FixedFactor{static_cast<int32_t>(multiplier), 31 - exponent};
}

int32_t rescale_fixed(int32_t sum, FixedFactor factor, int32_t zero, int32_t lowest, int32_t highest) {
  int64_t product = int64_t{sum} * factor.multiplier + (int64_t{1} << (factor.shift - 1));
  return static_cast<int32_t>(std::clamp<int64_t>(zero + (product >> factor.shift), lowest, highest));
}

}  // namespace stretto::quantize
