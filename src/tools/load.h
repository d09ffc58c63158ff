// Load: runs on one or more contexts, back to back or at paced arrivals, each timed.
#pragma once

#include <stretto/context.h>

#include <functional>
#include <vector>

namespace stretto::tools {

struct LoadOptions {
  int64_t iterations = 0;  // in all; 0: by duration
  double duration_s = 3, warmup_s = 0.5;
  double rate_hz = 0, deadline_ms = 0;
  std::function<void(double)> progress;
};

struct LoadResult {
  std::vector<double> latency_ms;  // paced: from arrival to completion; else of the run alone
  int64_t missed = 0;              // arrivals not completed by their deadline
  double wall_s = 0, cpu_s = 0;    // of the measured part
};

/// A context and its own buffers.
struct Lane {
  Context context;
  std::vector<std::vector<std::byte>> input_data, output_data;
  std::vector<InputView> inputs;
  std::vector<OutputView> outputs;
};

/// Runs every lane on a thread of its own. Arrivals are taken in order by whichever lane is free; those still waiting
/// when the time is up (and one deadline more) count as missed and are not run. Throws the first Error of a lane.
LoadResult run_load(std::vector<Lane>& lanes, const LoadOptions& options);

}  // namespace stretto::tools
