// Causes: what the numbers of one layer say about why it loses accuracy in integers.
//
// Each has a threshold, beyond which it is named. They are rules for people: where to look, and what to try. That a
// figure is large does not prove that it matters; a layer's share of the output's error does.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "quantize/product_weights.h"

namespace stretto::quantize {

/// Of the error that rounding the exact values makes, so much comes from values outside the range, where that error is
/// large enough to matter: SQNR below kClippedDb.
inline constexpr double kClippedShare = 0.5, kClippedDb = 40;
/// So many of the values lie outside the range by more than half a step.
inline constexpr double kSaturatedShare = 0.01;
/// A step over the standard deviation of the values that are not zero (zero is an integer exactly): from here on, two
/// thirds of them fall into 16 steps.
inline constexpr double kCoarseStep = 0.125;
/// The values use so little of a range that others set (a concat's inputs share one).
inline constexpr double kUsedRange = 0.25;
/// The largest magnitude of the widest channel over that of the median one (of those that are not all zero): the median
/// channel then has 256 / 16 steps at most.
inline constexpr double kDwarfing = 16;
/// A weight scale was raised by so much over max|w| / 127, so that the bias fits 32 bits.
inline constexpr double kRaised = 1.25;
/// So many of a channel's weights that are not zero lie within half a step of zero.
inline constexpr double kDwarfedWeights = 0.5;

/// Known to programs by name.
enum class CauseKind : uint8_t {
  clipped,
  saturated,
  coarse_step,
  unused_range,
  dwarfing_channel,
  bias_overflow,
  vanished_weights,
  dwarfed_weights,
};
/// "dwarfing_channel"
std::string_view name_of(CauseKind kind);
/// What it means, with its threshold, in a sentence.
std::string meaning_of(CauseKind kind);
std::span<const CauseKind> all_causes();

struct Cause {
  CauseKind kind = CauseKind::clipped;
  double figure = 0;     // what the threshold is for; of vanished_weights their scale over what they need
  int64_t channel = -1;  // the widest, or the one that it is worst in; −1: no one channel
  int64_t channels = 0;  // of weights: how many have it
};
/// "channel 3 reaches 41 times as far as the median one: the others have few steps"
std::string text_of(const Cause& cause);

/// Gathers what the exact values of one tensor say about the mapping that rounds them.
class ValueFacts {
 public:
  ValueFacts(float scale, int32_t zero) : scale_(scale), zero_(zero) {}
  /// f32; channels are axis 1, of rank 0 and 1 there is one. All of one shape.
  void add(const Tensor& exact);
  std::vector<Cause> causes() const;

 private:
  float scale_;
  int32_t zero_;
  std::vector<float> reach_;  // by channel: the largest magnitude
  double count_ = 0, outside_ = 0, signal_ = 0, noise_ = 0, clipped_ = 0;
  double nonzero_ = 0, sum_ = 0, squares_ = 0;
  float low_ = 0, high_ = 0;
};

/// Of a product's weights as they were rounded: i8 in the matrix's shape, with the scales of its output channels.
std::vector<Cause> weight_causes(const ProductWeights& weights, const Tensor& integers, std::span<const float> scales,
                                 float src_scale);

}  // namespace stretto::quantize
