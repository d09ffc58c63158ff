#include "device/task_pool.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <system_error>

#include "base/status.h"

namespace stretto {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a worker without a run spins before it sleeps, and a waiting one before it offers its processor to others.
constexpr auto kIdleSpin = std::chrono::microseconds(100);
constexpr auto kWaitSpin = std::chrono::microseconds(20);
/// Pauses between two looks at the clock.
constexpr int kPausesPerLook = 32;

inline void pause_cpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void futex_wait(std::atomic<uint32_t>& word, uint32_t while_equal) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE, while_equal, nullptr, nullptr, 0);
}

void futex_wake_all(std::atomic<uint32_t>& word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

constexpr uint64_t word_of(uint32_t epoch, uint32_t count) {
  return uint64_t{epoch} << 32 | count;
}
constexpr uint32_t epoch_of(uint64_t word) {
  return static_cast<uint32_t>(word >> 32);
}
constexpr uint32_t count_of(uint64_t word) {
  return static_cast<uint32_t>(word);
}

/// One phase of one step of the current run. Both words carry the run's epoch, so that a worker that still walks an
/// earlier run can neither take a task of this one nor wait for it. The plain fields are read only by a worker that
/// holds a task: while it does, the run cannot end and nobody writes them.
struct alignas(64) Phase {
  std::atomic<uint64_t> unclaimed{0};   // epoch | tasks that nobody has taken
  std::atomic<uint64_t> unfinished{0};  // epoch | tasks that are not done
  const StepCall* step = nullptr;
  int32_t phase = 0;
  int32_t tasks = 0;
};

int phases_of(const StepCall& step) {
  int n = 0;
  while (n < kMaxPhases && step.tasks[static_cast<size_t>(n)] > 0) ++n;
  return n;
}

void run_alone(const StepCall& step) {
  for (int p = 0; p < kMaxPhases && step.tasks[static_cast<size_t>(p)] > 0; ++p) {
    for (int i = 0; i < step.tasks[static_cast<size_t>(p)]; ++i) step.task(step.args, {p, i, 0});
  }
}

}  // namespace

void set_fetch(StepCall& call, std::span<const std::byte> ahead) {
  constexpr size_t kLine = 64;
  const auto tasks = static_cast<size_t>(call.tasks[static_cast<size_t>(phases_of(call) - 1)]);
  call.args.ahead = ahead.data();
  call.args.ahead_bytes = ahead.size();
  call.args.ahead_share = (ahead.size() / tasks + kLine) / kLine * kLine;
}

struct TaskPool::Impl {
  alignas(64) std::atomic<uint32_t> epoch{0};  // of the newest run; what sleepers wait on
  std::atomic<bool> stop{false};
  std::atomic<uint32_t> phase_count{0};
  alignas(64) std::atomic<int> sleepers{0};
  std::unique_ptr<Phase[]> phases;
  int max_phases = 0;
  std::vector<std::thread> threads;

  void run(std::span<const StepCall> steps);
  void walk(uint32_t run, int worker);
  void work(int worker);
  uint32_t wait_for_run(uint32_t seen);
};

/// Takes tasks of run `run` until all its phases are over, or until it sees that a later run has begun.
void TaskPool::Impl::walk(uint32_t run, int worker) {
  const uint32_t count = phase_count.load(std::memory_order_relaxed);
  for (uint32_t k = 0; k < count; ++k) {
    Phase& phase = phases[k];
    uint64_t word = phase.unclaimed.load(std::memory_order_acquire);
    while (epoch_of(word) == run && count_of(word) > 0) {
      if (!phase.unclaimed.compare_exchange_weak(word, word - 1, std::memory_order_acquire)) continue;
      const StepCall& step = *phase.step;
      step.task(step.args, {phase.phase, phase.tasks - static_cast<int32_t>(count_of(word)), worker});
      phase.unfinished.fetch_sub(1, std::memory_order_acq_rel);
      word = phase.unclaimed.load(std::memory_order_acquire);
    }
    if (epoch_of(word) != run) return;

    int spins = 0;
    Clock::time_point begun;
    for (;;) {
      word = phase.unfinished.load(std::memory_order_acquire);
      if (epoch_of(word) != run) return;
      if (count_of(word) == 0) break;
      if (++spins % kPausesPerLook != 0) {
        pause_cpu();
      } else if (spins == kPausesPerLook) {
        begun = Clock::now();
      } else if (Clock::now() - begun > kWaitSpin) {
        sched_yield();
        spins -= kPausesPerLook / 2;
      }
    }
  }
}

/// Returns the epoch of a run after `seen`. Spins first, then sleeps.
uint32_t TaskPool::Impl::wait_for_run(uint32_t seen) {
  const Clock::time_point begun = Clock::now();
  for (;;) {
    for (int i = 0; i < kPausesPerLook; ++i) {
      if (const uint32_t now = epoch.load(std::memory_order_acquire); now != seen) return now;
      pause_cpu();
    }
    if (Clock::now() - begun > kIdleSpin) break;
  }
  // Whoever starts a run stores the epoch, then reads `sleepers`; we count ourselves, then the kernel reads the epoch.
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  uint32_t now = epoch.load(std::memory_order_seq_cst);
  while (now == seen) {
    futex_wait(epoch, seen);
    now = epoch.load(std::memory_order_seq_cst);
  }
  sleepers.fetch_sub(1, std::memory_order_relaxed);
  return now;
}

void TaskPool::Impl::work(int worker) {
  uint32_t seen = 0;
  for (;;) {
    seen = wait_for_run(seen);
    if (stop.load(std::memory_order_relaxed)) return;
    walk(seen, worker);
  }
}

void TaskPool::Impl::run(std::span<const StepCall> steps) {
  const uint32_t next = epoch.load(std::memory_order_relaxed) + 1;
  uint32_t count = 0;
  for (const StepCall& step : steps) {
    const int n = phases_of(step);
    STRETTO_CHECK(count + static_cast<uint32_t>(n) <= static_cast<uint32_t>(max_phases));
    for (int p = 0; p < n; ++p) {
      Phase& phase = phases[count++];
      phase.step = &step;
      phase.phase = p;
      phase.tasks = step.tasks[static_cast<size_t>(p)];
      const uint64_t word = word_of(next, static_cast<uint32_t>(phase.tasks));
      phase.unfinished.store(word, std::memory_order_relaxed);
      phase.unclaimed.store(word, std::memory_order_release);
    }
  }
  phase_count.store(count, std::memory_order_relaxed);
  epoch.store(next, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst) > 0) futex_wake_all(epoch);
  walk(next, 0);
}

TaskPool::TaskPool(int threads, int max_phases) : impl_(std::make_unique<Impl>()), threads_(threads) {
  STRETTO_CHECK(threads >= 1 && max_phases >= 0);
  impl_->max_phases = max_phases;
  if (threads == 1) return;
  impl_->phases = std::make_unique<Phase[]>(static_cast<size_t>(max_phases));
  impl_->threads.reserve(static_cast<size_t>(threads - 1));
  try {
    for (int w = 1; w < threads; ++w) impl_->threads.emplace_back([impl = impl_.get(), w] { impl->work(w); });
  } catch (const std::system_error&) {
    threads_ = static_cast<int>(impl_->threads.size()) + 1;  // the system has no more threads: fewer do the same work
  }
}

TaskPool::~TaskPool() {
  impl_->stop.store(true, std::memory_order_relaxed);
  impl_->epoch.fetch_add(1, std::memory_order_seq_cst);
  futex_wake_all(impl_->epoch);
  for (std::thread& t : impl_->threads) t.join();
}

Status TaskPool::place(const Placement& placement) {
  for (size_t i = 0; i < impl_->threads.size(); ++i) {
    STRETTO_TRY(place_thread(impl_->threads[i].native_handle(), placement, static_cast<int>(i) + 1));
  }
  return {};
}

void TaskPool::run(std::span<const StepCall> steps, StepObserver* observer) {
  if (observer == nullptr) {
    if (threads_ > 1) return impl_->run(steps);
    for (const StepCall& step : steps) run_alone(step);
    return;
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    const Clock::time_point begun = Clock::now();
    if (threads_ > 1) {
      impl_->run(steps.subspan(i, 1));
    } else {
      run_alone(steps[i]);
    }
    const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begun);
    observer->step_done(static_cast<int>(i), took.count());
  }
}

}  // namespace stretto
