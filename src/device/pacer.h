// Pacer: makes ready for a run that is expected at a time.
//
// A network that runs thirty times a second and rests in between meets sleeping processors, lowered clocks and caches
// that others have filled. The pacer learns the period of the runs; shortly before the next one is due its threads wake
// every processor, fetch weights and activations towards the caches, and spin until the run begins or a bound has
// passed. They run at the system's idle priority, so that whoever has work takes their processor at once. Runs without
// a steady period cost nothing but two looks at the clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace stretto {

class Pacer {
 public:
  /// Starts `threads` sleeping threads. `memory`: what a run reads, what it needs first first; outlives the pacer.
  Pacer(int threads, std::vector<std::span<const std::byte>> memory);
  ~Pacer();
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  /// Around every run, by its caller; allocate nothing, lock nothing.
  void run_begins();
  void run_ends();

  /// Times that a thread made ready, for tests and reports.
  uint64_t preparations() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stretto
