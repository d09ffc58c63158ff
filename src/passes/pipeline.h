// The optimiser: rewrites that are never worse, in order, verified after each.
//
// A pass is one file, `<verb>_<noun>.cc`: a matcher and an apply. It keeps names: the value that replaces another takes
// over its name where it is an output, and the last value of a rewritten chain keeps its own, so that layers can be
// compared with the model by name.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "ir/graph.h"

namespace stretto::passes {

struct Pass {
  const char* name;                      // "fold_batch_norm", for --skip-pass
  const char* what;                      // one line
  Result<int> (*run)(ir::Graph& graph);  // how many places it rewrote
};

/// In order of execution; a line beside each entry says why it stands there.
std::span<const Pass> pipeline();

struct PassReport {
  std::string name;
  int rewrites = 0;
  double ms = 0;
};

struct OptimiseOptions {
  std::vector<std::string> skip;  // unknown names are an error (bad_usage) that lists the known ones
  bool verify_each = true;
  std::string reproducer_dir;  // where a failing pass leaves the graph it was given; empty: nowhere
};

/// Runs the pipeline until nothing changes (a bounded number of rounds).
Result<std::vector<PassReport>> optimise(ir::Graph& graph, const OptimiseOptions& options = {});

}  // namespace stretto::passes
