// Pace: how fast the machine is just now, against the fastest that was seen.
//
// Clocks change, and on virtual machines two processors may for seconds share one core: everything then takes up to
// twice as long, and a tactic timed in such a minute would lose to a worse one timed in another. A fixed piece of
// arithmetic beside every measurement tells them apart.
#pragma once

#include "device/task_pool.h"

namespace stretto {

class Pace {
 public:
  /// Takes about a tenth of a millisecond (the first call some ten). 1: as fast as ever seen; 2: half as fast.
  double slowness(TaskPool& pool);

 private:
  double measure(TaskPool& pool);
  double best_ = 0;  // seconds; 0 before the first call
};

}  // namespace stretto
