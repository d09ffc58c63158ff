// Rounding of weights so that the product's result errs least, not each weight: GPTQ (Frantar et al. 2022, "GPTQ:
// Accurate Post-Training Quantization for Generative Pre-trained Transformers").
#pragma once

#include <optional>
#include <span>

#include "quantize/columns.h"
#include "quantize/recipe.h"

namespace stretto::quantize {

/// Columns with more terms are not worth their time.
inline constexpr int64_t kMostTerms = 4608;

/// Decisions for matrix f32[output channels, terms] with a scale an output channel, for columns like these, less their
/// mean (a bias takes that up). The weights of a row are decided one after the other, those on the liveliest terms
/// first, and each one's error is made up for by those still open: with the damped covariance H = L·Lᵀ of the columns,
/// terms in reverse, e·H·eᵀ = Σ_k (Σ_{j ≥ k} e_j·L_jk)², whose summands are brought to zero in turn, as far as the
/// integers do that a Rounding can name. Nothing where the columns are constant. The same for any number of
/// threads.
std::optional<Rounding> round_weights(const Tensor& matrix, std::span<const float> scales, const Columns& columns,
                                      int threads);

}  // namespace stretto::quantize
