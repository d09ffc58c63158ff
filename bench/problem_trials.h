// Every tactic that takes a problem on this processor: its results checked against the reference, then its time taken.
#pragma once

#include <string>
#include <vector>

#include "device/task_pool.h"
#include "tactics/select/pace.h"
#include "tactics/tactic.h"

namespace stretto::problems {

struct TrialOptions {
  int threads = 1;
  std::string name_part;      // of the tactics that count; empty: all
  bool all_configs = false;   // not only the one that is best by estimate
  bool cold_weights = false;  // every run finds the packed weights in memory, not in a cache
  bool timed = true;
  double seconds_each = 0.1;  // of timing for one tactic and config, and at least three rounds
};

/// One tactic with one config on one problem.
struct Outcome {
  const Tactic* tactic = nullptr;
  Config config;
  double error = 0, allowed = 0;  // TrialData::error_of, and its limit
  bool offered = true;            // near enough to the reference for the selector to offer it
  std::string wrong;              // why it fails although it ran; empty: it does not
  double seconds = 0;             // of one run; 0: not timed
};

/// Keeps the workers and the pace of the machine over many problems.
class Trials {
 public:
  explicit Trials(TrialOptions options);

  /// In the order of the tables. What is wrong or too inexact is not timed. The others take turns, a round at a time,
  /// so that a slow moment of the machine meets all of them.
  std::vector<Outcome> run(const Problem& problem);

 private:
  TrialOptions options_;
  TaskPool pool_;
  Pace pace_;
};

}  // namespace stretto::problems
