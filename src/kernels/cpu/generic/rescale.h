// What follows an integer sum before it is stored, inside a step's params: dequantize, or requantize and a lookup.
//
// The arithmetic is that of op/integer.h, a stretch at a time: every f32 step on its own, never contracted.
#pragma once

#include <optional>

#include "kernels/cpu/generic/common.h"

namespace stretto::kernels::generic {

struct Rescale {
  static constexpr int64_t kStretch = 256;  // values that `apply` takes at most
  enum Kind : int32_t { none, dequantize, requantize };

  Kind kind = none;
  bool per_index = false, has_other = false, has_table = false, other_signed = false;
  int32_t src_zero = 0, other_zero = 0, zero = 0, table_element = 1;
  float other_scale = 0, slope = 1, least = 0, most = 0;  // slope and clamp before rounding
  int64_t axis = 1;                                       // of the scales, if per_index
  Place scales, other, table;

  /// The scale of one index of `axis`.
  float scale(const StepArgs& args, int64_t index) const {
    return kind == none ? 0 : scales.as<float>(args)[per_index ? index : 0];
  }
  /// Stores elements [first, first + n) of the output; n ≤ kStretch, a scale for each.
  void apply(const StepArgs& args, const int32_t* sums, const float* each_scale, int64_t first, int64_t n) const;
  /// Stores n bytes, or what the table makes of them, from element `first` of the output on.
  void store(const StepArgs& args, const uint8_t* bytes, int64_t first, int64_t n) const;
};

/// Whether a value comes from outside the problem.
inline bool is_external(const Operand& o) {
  return o.role == Role::input || o.role == Role::constant;
}

/// Nodes `first`… of a problem, each taking what the one before made; nothing if they are anything else. No node at
/// all is Rescale::none.
std::optional<Rescale> match_rescale(const Problem& problem, size_t first);
/// Node `node` as a lookup of what node `node − 1` made, written into `r`.
bool match_lookup(const Problem& problem, size_t node, Rescale& r);

/// zero + t rounded to even as a byte's bits; t is clamped to least … most, not-a-number to `least`.
void round_bytes(const float* t, int64_t n, float least, float most, int32_t zero, uint8_t* bytes);

}  // namespace stretto::kernels::generic
