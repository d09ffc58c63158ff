#include <fmt/format.h>

#include <cmath>

#include "op/enum_names.h"
#include "op/infer_rules.h"

namespace stretto::op {
namespace {

/// The model's scale and the size it led to must agree to within rounding, so that every coordinate stays near the
/// input.
bool agrees(int64_t size, int64_t out, float scale) {
  if (!std::isfinite(scale) || !(scale > 0)) return false;
  double wanted = static_cast<double>(size) * static_cast<double>(scale);
  return std::fabs(wanted - static_cast<double>(out)) <= 1.0 + 1e-5 * static_cast<double>(out);
}

}  // namespace

Result<TensorType> infer_one(const Resize& a, Types in) {
  const Shape& src = in[0].shape;
  if (src.size() != 4) return bad_input(fmt::format("source {} is not N,C,H,W", stretto::to_string(src)));
  if (!enum_valid(a.mode) || !enum_valid(a.coordinate) || !enum_valid(a.rounding)) {
    return bad_input("unknown mode, coordinate or rounding");
  }
  if (a.mode != ResizeMode::nearest) STRETTO_TRY(check_dtypes(in, false));
  STRETTO_TRY(check_dims("sizes", a.sizes, 4, 1));
  if (a.sizes[0] != src[0] || a.sizes[1] != src[1]) {
    return bad_input(fmt::format("sizes {} change more than the last two axes of {}", stretto::to_string(a.sizes),
                                 stretto::to_string(src)));
  }
  if (!agrees(src[2], a.sizes[2], a.scale_h) || !agrees(src[3], a.sizes[3], a.scale_w)) {
    return bad_input(fmt::format("scales {} and {} do not lead from {} to {}", a.scale_h, a.scale_w,
                                 stretto::to_string(src), stretto::to_string(a.sizes)));
  }
  if (!std::isfinite(a.cubic_a)) return bad_input("cubic_a must be finite");
  return TensorType{in[0].dtype, a.sizes};
}

}  // namespace stretto::op
