#include "quantize/causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "op/integer.h"

namespace stretto::quantize {
namespace {

constexpr CauseKind kAll[] = {CauseKind::clipped,          CauseKind::saturated,        CauseKind::coarse_step,
                              CauseKind::unused_range,     CauseKind::dwarfing_channel, CauseKind::bias_overflow,
                              CauseKind::vanished_weights, CauseKind::dwarfed_weights};

std::string times(double figure) {
  return figure < 9.95 ? fmt::format("{:.1f}", figure) : fmt::format("{:.0f}", figure);
}

/// The largest over the median of those that are not zero, and which it is; 1 where there are fewer than two.
Cause dwarfing(const std::vector<float>& reach) {
  std::vector<float> living;
  for (float r : reach) {
    if (r > 0) living.push_back(r);
  }
  const auto widest = std::max_element(reach.begin(), reach.end());
  Cause cause{CauseKind::dwarfing_channel, 1, widest - reach.begin(), 1};
  if (living.size() < 2) return cause;
  // Of two, the lower one: the median must not be the widest itself.
  const auto middle = living.begin() + static_cast<std::ptrdiff_t>((living.size() - 1) / 2);
  std::nth_element(living.begin(), middle, living.end());
  cause.figure = double{*widest} / double{*middle};
  return cause;
}

}  // namespace

std::span<const CauseKind> all_causes() {
  return kAll;
}

std::string_view name_of(CauseKind kind) {
  switch (kind) {
    case CauseKind::clipped:
      return "clipped";
    case CauseKind::saturated:
      return "saturated";
    case CauseKind::coarse_step:
      return "coarse_step";
    case CauseKind::unused_range:
      return "unused_range";
    case CauseKind::dwarfing_channel:
      return "dwarfing_channel";
    case CauseKind::bias_overflow:
      return "bias_overflow";
    case CauseKind::vanished_weights:
      return "vanished_weights";
    case CauseKind::dwarfed_weights:
      return "dwarfed_weights";
  }
  return "?";
}

std::string meaning_of(CauseKind kind) {
  switch (kind) {
    case CauseKind::clipped:
      return fmt::format(
          "at least {:.0f} % of the energy of rounding's error comes from values outside the range, and its SQNR is "
          "below {:.0f} dB: the range is too narrow; try another --calib-method",
          100 * kClippedShare, kClippedDb);
    case CauseKind::saturated:
      return fmt::format("at least {:.0f} % of the values lie outside the range and become 0 or 255",
                         100 * kSaturatedShare);
    case CauseKind::coarse_step:
      return fmt::format(
          "a step (the scale) is at least {} of the standard deviation of the values that are not zero: a few outliers "
          "stretch the range and most values share few integers; try --calib-method mse, or fp32 for this layer",
          kCoarseStep);
    case CauseKind::unused_range:
      return fmt::format(
          "the values use at most {:.0f} % of their range, which is set by others that share it (the inputs of a "
          "concat) or by an edited recipe",
          100 * kUsedRange);
    case CauseKind::dwarfing_channel:
      return fmt::format(
          "one channel reaches at least {:.0f} times as far as the median one, and all share one scale: the others are "
          "left with few integers; its SQNR looks good, as it is the widest channel's",
          kDwarfing);
    case CauseKind::bias_overflow:
      return fmt::format(
          "a channel's weight scale was raised to at least {} times what its weights need, as its bias would not fit "
          "32 bits in units of the product: the bias is out of proportion, or the input's scale tiny",
          kRaised);
    case CauseKind::vanished_weights:
      return "all weights of a channel round to 0: it computes a constant";
    case CauseKind::dwarfed_weights:
      return fmt::format(
          "at least {:.0f} % of a channel's weights lie within half a step of zero: a few large ones dwarf them",
          100 * kDwarfedWeights);
  }
  return "";
}

std::string text_of(const Cause& cause) {
  const std::string channels = cause.channels == 1 ? "" : fmt::format(" (and {} more)", cause.channels - 1);
  switch (cause.kind) {
    case CauseKind::clipped:
      return fmt::format("clipped: {:.0f} % of its error's energy lies outside the range", 100 * cause.figure);
    case CauseKind::saturated:
      return fmt::format("saturated: {:.1f} % of the values lie outside the range", 100 * cause.figure);
    case CauseKind::coarse_step:
      return fmt::format("step too coarse: {:.2f} of the standard deviation; outliers stretch the range", cause.figure);
    case CauseKind::unused_range:
      return fmt::format("uses {:.0f} % of its range, which others set", 100 * cause.figure);
    case CauseKind::dwarfing_channel:
      return fmt::format("channel {} dwarfs the others: it reaches {} times as far as the median one", cause.channel,
                         times(cause.figure));
    case CauseKind::bias_overflow:
      return fmt::format("bias overflow: the weight scale of channel {}{} was raised {} times for its bias",
                         cause.channel, channels, times(cause.figure));
    case CauseKind::vanished_weights:
      return fmt::format("all weights of channel {}{} round to 0", cause.channel, channels);
    case CauseKind::dwarfed_weights:
      return fmt::format("weights of channel {}{} are dwarfed: {:.0f} % of them lie within half a step of zero",
                         cause.channel, channels, 100 * cause.figure);
  }
  return "";
}

void ValueFacts::add(const Tensor& exact) {
  const Shape& shape = exact.shape();
  const int64_t channels = shape.size() < 2 ? 1 : shape[1], outer = shape.size() < 2 ? 1 : shape[0];
  reach_.resize(static_cast<size_t>(channels), 0);
  if (exact.elements() == 0) return;
  const int64_t inner = exact.elements() / (outer * channels);
  const double half = 0.5 * scale_;
  const double lowest = op::dequantize(-zero_, scale_), highest = op::dequantize(255 - zero_, scale_);
  const float* x = exact.as<float>().data();
  for (int64_t row = 0; row < outer * channels; ++row) {
    float& reach = reach_[static_cast<size_t>(row % channels)];
    for (int64_t i = 0; i < inner; ++i, ++x) {
      const double v = *x;
      const double made = op::dequantize(op::quantize(*x, scale_, zero_, DType::u8) - zero_, scale_);
      const double error = (v - made) * (v - made);
      reach = std::max(reach, std::fabs(*x));
      low_ = std::min(low_, *x);
      high_ = std::max(high_, *x);
      signal_ += v * v;
      noise_ += error;
      if (v < lowest - half || v > highest + half) {
        clipped_ += error;
        ++outside_;
      }
      if (*x == 0) continue;
      ++nonzero_;
      sum_ += v;
      squares_ += v * v;
    }
  }
  count_ += static_cast<double>(exact.elements());
}

std::vector<Cause> ValueFacts::causes() const {
  std::vector<Cause> found;
  if (!(signal_ > 0)) return found;
  if (noise_ > 0 && clipped_ >= kClippedShare * noise_ && 10 * std::log10(signal_ / noise_) < kClippedDb) {
    found.push_back({CauseKind::clipped, clipped_ / noise_});
  }
  if (outside_ >= kSaturatedShare * count_) found.push_back({CauseKind::saturated, outside_ / count_});
  const Cause wide = dwarfing(reach_);
  if (wide.figure >= kDwarfing) found.push_back(wide);
  const double used = (double{high_} - double{low_}) / (255 * double{scale_});
  const double mean = sum_ / nonzero_, deviation = std::sqrt(std::max(0.0, squares_ / nonzero_ - mean * mean));
  if (used <= kUsedRange) {
    found.push_back({CauseKind::unused_range, used});
  } else if (deviation > 0 && scale_ >= kCoarseStep * deviation) {
    found.push_back({CauseKind::coarse_step, scale_ / deviation});
  }
  return found;
}

std::vector<Cause> weight_causes(const ProductWeights& weights, const Tensor& integers, std::span<const float> scales,
                                 float src_scale) {
  Cause raised{CauseKind::bias_overflow}, vanished{CauseKind::vanished_weights}, dwarfed{CauseKind::dwarfed_weights};
  const auto note = [](Cause& cause, double figure, size_t channel) {
    ++cause.channels;
    if (cause.channel >= 0 && figure <= cause.figure) return;
    cause.figure = figure;
    cause.channel = static_cast<int64_t>(channel);
  };
  const auto terms = static_cast<size_t>(weights.matrix.shape()[1]);
  for (size_t c = 0; c < scales.size(); ++c) {
    double most = 0, nonzero = 0, small = 0;
    for (float w : weights.matrix.as<float>().subspan(c * terms, terms)) {
      most = std::max(most, double{std::fabs(w)});
      nonzero += w != 0;
      small += w != 0 && std::fabs(w) < 0.5f * scales[c];
    }
    if (!(most > 0)) continue;
    const double natural = most / 127, least = least_scale(weights.bias[c], src_scale);
    if (least >= kRaised * natural && scales[c] >= (1 - 1e-5) * least) note(raised, scales[c] / natural, c);
    const auto row = integers.as<int8_t>().subspan(c * terms, terms);
    if (std::all_of(row.begin(), row.end(), [](int8_t q) { return q == 0; })) {
      note(vanished, scales[c] / natural, c);
    } else if (small >= kDwarfedWeights * nonzero) {
      note(dwarfed, small / nonzero, c);
    }
  }
  std::vector<Cause> found;
  for (const Cause& cause : {raised, vanished, dwarfed}) {
    if (cause.channels > 0) found.push_back(cause);
  }
  return found;
}

}  // namespace stretto::quantize
