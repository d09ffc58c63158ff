// Choices made inside the network, on a GPU: what a step costs there is not what it costs alone, because kernels begin
// while those before them end, and share memory and multiprocessors with them.
#pragma once

#include <functional>
#include <memory>

#include "builder/cover.h"
#include "device/gpu.h"

namespace stretto {

struct InNetworkOptions {
  double budget_s = 12;  // of trying; what was better until then is kept
  /// Called now and then: how many of how many tries.
  std::function<void(int done, int total)> progress;
};

/// Tries, problem after problem, the other ways that were nearly as fast alone, as a part of the whole recorded
/// network, and keeps what makes it faster; twice over all problems. `cover` and the selector's memory (and cache) are
/// changed. Every way that is tried was checked against the reference when it was timed alone. Returns how many choices
/// changed.
Result<int> choose_in_network(const ir::Graph& graph, Cover& cover, Selector& selector, const Gpu& gpu,
                              const InNetworkOptions& options);

}  // namespace stretto
