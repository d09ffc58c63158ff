// Placement: on which processors the threads of a context run, and how urgently.
#pragma once

#include <pthread.h>

#include <vector>

#include "base/status.h"

namespace stretto {

struct Placement {
  std::vector<int> cpus;  // thread i runs on cpus[i modulo their number] alone; empty: wherever the system puts it
  int priority = 0;       // 1 to 99: of the system's first-in-first-out real-time class; 0: as it is

  bool empty() const { return cpus.empty() && priority == 0; }
};

/// Places `thread`, the context's thread `number`. Fails, with what to do, where the system refuses.
Status place_thread(pthread_t thread, const Placement& placement, int number);

}  // namespace stretto
