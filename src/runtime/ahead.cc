#include "runtime/ahead.h"

#include <algorithm>

namespace stretto {
namespace {

/// A register tile fetches two lines while it multiplies four channels: some 3,500 operations.
constexpr double kBytesPerFlop = 128.0 / 3500;
/// How far ahead of the reader weights may lie in a cache that others use as well.
constexpr int64_t kMostAhead = int64_t{16} << 20, kDefaultCache = int64_t{8} << 20;
constexpr uint64_t kLine = 64;

uint64_t round_up(uint64_t bytes) {
  return (bytes + kLine - 1) / kLine * kLine;
}

}  // namespace

std::vector<Fetch> schedule_fetches(std::span<const StepWeights> steps, int64_t cache_bytes) {
  const auto budget = static_cast<uint64_t>(std::min(kMostAhead, (cache_bytes > 0 ? cache_bytes : kDefaultCache) / 3));
  std::vector<Fetch> fetches(steps.size());
  size_t next = 0;       // the step whose weights come next
  uint64_t fetched = 0;  // bytes of them
  for (size_t i = 0; i < steps.size(); ++i) {
    if (next <= i) {
      next = i + 1;
      fetched = 0;
    }
    if (!steps[i].fetches) continue;
    uint64_t waiting = fetched;  // bytes that were fetched and not read yet
    for (size_t s = i + 1; s < next; ++s) waiting += steps[s].bytes;
    const auto covered = static_cast<uint64_t>(steps[i].flops * kBytesPerFlop) / kLine * kLine;
    uint64_t left = std::min(covered, budget > waiting ? budget - waiting : 0);
    Fetch& fetch = fetches[i];
    while (next < steps.size() && left > 0) {
      const uint64_t begin = steps[next].offset + fetched, take = std::min(left, steps[next].bytes - fetched);
      if (fetch.bytes == 0) fetch.offset = begin;
      if (begin != fetch.offset + fetch.bytes) break;  // weights that lie elsewhere are the next step's to fetch
      fetch.bytes += take;
      fetched += take;
      left -= take;
      if (fetched < steps[next].bytes) break;
      // Weights begin at multiples of a line.
      if (fetch.bytes > 0) fetch.bytes = round_up(fetch.bytes);
      ++next;
      fetched = 0;
    }
  }
  return fetches;
}

}  // namespace stretto
