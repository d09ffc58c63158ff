#include "tools/latency.h"

#include <algorithm>
#include <cmath>

namespace stretto::tools {

LatencyStats latency_stats(std::vector<double> ms) {
  LatencyStats stats;
  if (ms.empty()) return stats;
  std::sort(ms.begin(), ms.end());
  const auto count = static_cast<double>(ms.size());
  const auto rank = [&](double p) {
    const auto n = static_cast<size_t>(std::ceil(p * count));
    return ms[std::clamp<size_t>(n, 1, ms.size()) - 1];
  };
  for (double v : ms) stats.mean += v / count;
  double squares = 0;
  for (double v : ms) squares += (v - stats.mean) * (v - stats.mean);
  stats.std = ms.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
  stats.min = ms.front();
  stats.p50 = rank(0.5);
  stats.p90 = rank(0.9);
  stats.p99 = rank(0.99);
  stats.p999 = rank(0.999);
  stats.max = ms.back();
  return stats;
}

}  // namespace stretto::tools
