// A separable group taken apart: each product with its activation as a problem of its own.
#pragma once

#include <optional>

#include "tactics/tactic.h"

namespace stretto::kernels {

/// What comes in and goes out lies in blocks; operands keep their order.
struct SeparablePart {
  Problem problem;
  int conv = 0;  // its operator's number in the whole
};

struct SeparableGroup {
  std::optional<SeparablePart> expand, project;
  SeparablePart depthwise;
};

/// The parts of a group on blocks of `width` channels, or why it is none.
template <int width>
Refusal divide_separable(const Problem& problem, SeparableGroup& group);

}  // namespace stretto::kernels
