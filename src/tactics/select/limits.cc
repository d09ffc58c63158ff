#include "tactics/select/limits.h"

#include <algorithm>

namespace stretto {
namespace {

/// Sums of f32 in any order.
constexpr double kMaxError = 2e-5;
/// Values or weights rounded to f16: half a unit in the last place is 2.4e-4 to 4.9e-4 of a value, and sums of some
/// dozens of products that are rounded so are off by up to 1.3e-3; tf32 has as many bits. For each convolution of a
/// group.
constexpr double kMaxHalfError = 2e-3;

}  // namespace

double allowed_error(const Problem& problem, const Tactic& tactic) {
  if (tactic.numerics == Numerics::bit_exact) return 0;
  if (!is_rounded(problem, &tactic)) return kMaxError;
  const auto is_conv = [](const Problem::Node& node) { return std::holds_alternative<op::Conv>(node.attrs); };
  const auto convolutions = std::count_if(problem.nodes.begin(), problem.nodes.end(), is_conv);
  return kMaxHalfError * static_cast<double>(std::max<ptrdiff_t>(1, convolutions));
}

}  // namespace stretto
