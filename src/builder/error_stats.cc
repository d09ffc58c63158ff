#include "builder/error_stats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stretto {

ErrorStats compare_tensors(std::span<const float> y, std::span<const float> r) {
  ErrorStats stats;
  double largest = 0, dot = 0, yy = 0, rr = 0, noise = 0, sum = 0;
  bool broken = false;
  for (size_t i = 0; i < r.size(); ++i) {
    double a = y[i], b = r[i];
    if (a == b || (std::isnan(a) && std::isnan(b))) {
      if (!std::isfinite(b)) continue;
    } else if (!std::isfinite(a) || !std::isfinite(b)) {
      broken = true;
      continue;
    }
    double d = std::fabs(a - b);
    largest = std::max(largest, std::fabs(b));
    stats.max_abs = std::max(stats.max_abs, d);
    sum += d;
    noise += d * d;
    dot += a * b;
    yy += a * a;
    rr += b * b;
  }
  stats.mean_abs = r.empty() ? 0 : sum / static_cast<double>(r.size());
  stats.relative = stats.max_abs == 0 ? 0 : stats.max_abs / std::max(largest, 1e-30);
  if (yy > 0 && rr > 0) stats.cosine = std::min(1.0, dot / std::sqrt(yy * rr));
  stats.sqnr_db = noise > 0 && rr > 0 ? std::min(kExactSqnr, 10 * std::log10(rr / noise)) : noise > 0 ? 0 : kExactSqnr;
  if (broken) stats.relative = stats.max_abs = std::numeric_limits<double>::infinity();
  return stats;
}

}  // namespace stretto
