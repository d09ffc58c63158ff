#include "device/pacer.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <system_error>
#include <thread>

#include "device/period.h"

namespace stretto {
namespace {

/// How long before a run preparations begin: this part of what a run takes, within bounds. With every processor of the
/// context awake that long, a run costs at most some 1.2 times its own processor time.
constexpr double kLeadShare = 0.18;
constexpr int64_t kLeastLead = 100'000, kMostLead = 2'000'000;  // ns
/// Runs that follow each other closer than this many leads find everything warm.
constexpr int64_t kLeastRestLeads = 4;
constexpr size_t kLine = 64, kChunk = 16 << 10;
/// Of memory worth fetching: more does not fit the last cache, or the time.
constexpr size_t kMostBytes = 24 << 20;

int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * int64_t{1000000000} + t.tv_nsec;
}

void pause_cpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/// Waits while `word` holds `value`, until the time `until_ns` (0: for ever).
void futex_wait_until(std::atomic<uint32_t>& word, uint32_t value, int64_t until_ns) {
  const timespec until{until_ns / 1000000000, until_ns % 1000000000};
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_BITSET_PRIVATE, value,
          until_ns > 0 ? &until : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

struct Pacer::Impl {
  std::vector<std::span<const std::byte>> memory;
  int count = 0;
  std::vector<std::thread> threads;

  // Written by the caller of runs.
  Period period;
  int64_t begun_ns = 0;
  double run_ns = 0;  // what a run takes, smoothed

  alignas(64) std::atomic<uint32_t> runs{0};  // begun so far; what threads wait on
  std::atomic<int64_t> due_ns{0};             // of the next run; 0: not known
  std::atomic<int64_t> lead_ns{0};
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> preparations{0};
  alignas(64) std::atomic<int> parked{0};  // threads that wait without a time

  void work(int number);
  void park(uint32_t seen);
  void prepare(int number, uint32_t seen, int64_t give_up_ns);
  bool begun(uint32_t seen) const { return runs.load(std::memory_order_acquire) != seen; }
};

/// Fetches this thread's share, in the order in which it is needed, then waits for the run.
void Pacer::Impl::prepare(int number, uint32_t seen, int64_t give_up_ns) {
  preparations.fetch_add(1, std::memory_order_relaxed);
  size_t budget = kMostBytes;
  for (const auto& part : memory) {
    const size_t bytes = std::min(part.size(), budget);
    budget -= bytes;
    for (size_t chunk = static_cast<size_t>(number); chunk * kChunk < bytes; chunk += static_cast<size_t>(count)) {
      if (begun(seen) || now_ns() > give_up_ns) return;
      const size_t end = std::min(bytes, (chunk + 1) * kChunk);
      for (size_t at = chunk * kChunk; at < end; at += kLine) __builtin_prefetch(part.data() + at);
    }
  }
  for (int spins = 0; !begun(seen); ++spins) {
    pause_cpu();
    if (spins % 32 == 0 && now_ns() > give_up_ns) return;
  }
}

/// Sleeps until a run after `seen` begins: its caller wakes who is parked.
void Pacer::Impl::park(uint32_t seen) {
  parked.fetch_add(1, std::memory_order_seq_cst);
  while (runs.load(std::memory_order_seq_cst) == seen && !stop.load()) futex_wait_until(runs, seen, 0);
  parked.fetch_sub(1, std::memory_order_relaxed);
}

void Pacer::Impl::work(int number) {
  const sched_param none{};
  sched_setscheduler(0, SCHED_IDLE, &none);  // where it is refused, the threads are merely less polite
  while (!stop.load(std::memory_order_relaxed)) {
    const uint32_t seen = runs.load(std::memory_order_acquire);
    const int64_t due = due_ns.load(std::memory_order_relaxed), lead = lead_ns.load(std::memory_order_relaxed);
    if (due == 0 || now_ns() >= due) {
      park(seen);
      continue;
    }
    while (!begun(seen) && now_ns() < due - lead) futex_wait_until(runs, seen, due - lead);
    if (begun(seen)) continue;
    prepare(number, seen, due + lead);
    if (!begun(seen)) park(seen);
  }
}

Pacer::Pacer(int threads, std::vector<std::span<const std::byte>> memory) : impl_(std::make_unique<Impl>()) {
  impl_->memory = std::move(memory);
  impl_->count = threads;
  try {
    for (int i = 0; i < threads; ++i) impl_->threads.emplace_back([impl = impl_.get(), i] { impl->work(i); });
  } catch (const std::system_error&) {
    // The system has no more threads: what was started does its share, or nobody does.
  }
}

Pacer::~Pacer() {
  impl_->stop.store(true);
  impl_->runs.fetch_add(1, std::memory_order_seq_cst);
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&impl_->runs), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
  for (std::thread& t : impl_->threads) t.join();
}

void Pacer::run_begins() {
  Impl& p = *impl_;
  p.begun_ns = now_ns();
  p.period.add(p.begun_ns);
  const int64_t period = p.period.steady();
  const int64_t lead = std::clamp(static_cast<int64_t>(kLeadShare * p.run_ns), kLeastLead, kMostLead) +
                       std::min(p.period.jitter(), kLeastLead);
  const bool rests = period - static_cast<int64_t>(p.run_ns) > kLeastRestLeads * lead;
  p.lead_ns.store(lead, std::memory_order_relaxed);
  p.due_ns.store(period > 0 && rests ? p.begun_ns + period : 0, std::memory_order_relaxed);
  p.runs.fetch_add(1, std::memory_order_seq_cst);
  if (period > 0 && rests && p.parked.load(std::memory_order_seq_cst) > 0) {
    syscall(SYS_futex, reinterpret_cast<uint32_t*>(&p.runs), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
  }
}

void Pacer::run_ends() {
  Impl& p = *impl_;
  const auto took = static_cast<double>(now_ns() - p.begun_ns);
  p.run_ns = p.run_ns == 0 ? took : 0.75 * p.run_ns + 0.25 * took;
}

uint64_t Pacer::preparations() const {
  return impl_->preparations.load();
}

}  // namespace stretto
