// Figures from a list of times.
#pragma once

#include <stretto/tools.h>

#include <vector>

namespace stretto::tools {

/// Percentiles by nearest rank; the standard deviation is that of the sample (n − 1). Empty: zeros.
LatencyStats latency_stats(std::vector<double> ms);

}  // namespace stretto::tools
