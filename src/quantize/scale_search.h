// Weight scales: the one whose rounding error is least, in place of the one that nothing exceeds.
#pragma once

#include <vector>

#include "quantize/product_weights.h"

namespace stretto::quantize {

/// One scale an output channel: of 61 fractions 0.4 … 1 of what weight_scales() gives, the one with the least Σ (w −
/// w′)² over the channel's weights w, w′ being the integer nearest to w within −127 … 127, times the scale. Fractions
/// that the channel's bias in units of src_scale · scale forbids are left out. Fails as weight_scales() does.
Result<std::vector<float>> search_scales(const ProductWeights& weights, float src_scale);

}  // namespace stretto::quantize
