// What each step may fetch for those after it: weights, in the order in which they are read.
//
// A step that computes much leaves the memory idle; one that reads much waits for it. So steps whose tactics can, fetch
// weights of later ones towards the caches: as much as their work covers, and never further ahead than the caches keep.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stretto {

/// A step as this schedule sees it.
struct StepWeights {
  uint64_t offset = 0, bytes = 0;  // its weights, in the pool
  double flops = 0;
  bool fetches = false;  // its tactic fetches ahead
};

/// A part of the pool; 0 bytes: nothing.
struct Fetch {
  uint64_t offset = 0, bytes = 0;
};

/// For each step what it should fetch. `cache_bytes`: of the last cache; 0 when unknown.
std::vector<Fetch> schedule_fetches(std::span<const StepWeights> steps, int64_t cache_bytes);

}  // namespace stretto
