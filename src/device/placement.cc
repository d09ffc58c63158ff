#include "device/placement.h"

#include <sched.h>

#include <cstring>

namespace stretto {

Status place_thread(pthread_t thread, const Placement& placement, int number) {
  if (!placement.cpus.empty()) {
    const int cpu = placement.cpus[static_cast<size_t>(number) % placement.cpus.size()];
    if (cpu < 0 || cpu >= CPU_SETSIZE) {
      return bad_usage("there is no CPU " + std::to_string(cpu) + "; give numbers that `nproc` and taskset know");
    }
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<size_t>(cpu), &set);
    if (pthread_setaffinity_np(thread, sizeof set, &set) != 0) {
      return bad_usage("the system lets no thread of this process run on CPU " + std::to_string(cpu) +
                       "; choose among those that `taskset -p $$` shows");
    }
  }
  if (placement.priority == 0) return {};
  if (placement.priority < 1 || placement.priority > 99) {
    return bad_usage("a real-time priority lies between 1 and 99, not at " + std::to_string(placement.priority));
  }
  sched_param param{};
  param.sched_priority = placement.priority;
  if (const int error = pthread_setschedparam(thread, SCHED_FIFO, &param); error != 0) {
    return failed("the system refuses real-time priority " + std::to_string(placement.priority) + " (" +
                  std::strerror(error) + "); run as root, or allow it with `ulimit -r`");
  }
  return {};
}

}  // namespace stretto
