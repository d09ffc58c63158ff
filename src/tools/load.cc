#include "tools/load.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cmath>
#include <exception>
#include <mutex>
#include <thread>

namespace stretto::tools {
namespace {

constexpr size_t kReservedTimes = 1 << 16;

int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * int64_t{1000000000} + t.tv_nsec;
}

void sleep_until(int64_t ns) {
  const timespec t{ns / 1000000000, ns % 1000000000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
  }
}

double processor_seconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

/// What the lanes share while they run.
class Load {
 public:
  Load(std::vector<Lane>& lanes, const LoadOptions& options)
      : lanes_(lanes), options_(options), gate_(static_cast<std::ptrdiff_t>(lanes.size()) + 1) {
    if (options.rate_hz > 0) {
      period_ns_ = 1e9 / options.rate_hz;
      deadline_ns_ =
          options.deadline_ms > 0 ? static_cast<int64_t>(options.deadline_ms * 1e6) : static_cast<int64_t>(period_ns_);
      limit_ = options.iterations > 0 ? options.iterations
                                      : std::max<int64_t>(1, std::llround(options.duration_s * options.rate_hz));
    } else {
      limit_ = options.iterations;
    }
  }

  LoadResult run() {
    std::vector<std::jthread> threads;
    for (Lane& lane : lanes_) threads.emplace_back([this, &lane] { serve(lane); });
    gate_.arrive_and_wait();  // every lane is warm
    start_ns_ = now_ns();
    const double cpu_before = processor_seconds();
    gate_.arrive_and_wait();  // go
    while (active_.load() > 0) {
      timespec pause{0, 50000000};
      nanosleep(&pause, nullptr);
      if (options_.progress) options_.progress(fraction());
    }
    threads.clear();
    if (error_) std::rethrow_exception(error_);
    result_.wall_s = static_cast<double>(end_ns_.load() - start_ns_) * 1e-9;
    result_.cpu_s = processor_seconds() - cpu_before;
    return std::move(result_);
  }

 private:
  double fraction() const {
    const double by_time = static_cast<double>(now_ns() - start_ns_) * 1e-9 / std::max(1e-9, options_.duration_s);
    const double by_count = static_cast<double>(next_.load()) / static_cast<double>(std::max<int64_t>(1, limit_));
    return std::min(1.0, limit_ > 0 ? by_count : by_time);
  }

  void serve(Lane& lane) {
    prctl(PR_SET_TIMERSLACK, 1);
    std::vector<double> times;
    times.reserve(kReservedTimes);
    int64_t missed = 0;
    try {
      lane.context.place_caller();
      const int64_t warm_until = now_ns() + static_cast<int64_t>(options_.warmup_s * 1e9);
      do {
        lane.context.run(lane.inputs, lane.outputs);
      } while (now_ns() < warm_until);
    } catch (...) {
      keep_error();
    }
    gate_.arrive_and_wait();
    gate_.arrive_and_wait();
    try {
      if (!failed_.load()) options_.rate_hz > 0 ? serve_paced(lane, times, missed) : serve_flat_out(lane, times);
    } catch (...) {
      keep_error();
    }
    int64_t end = now_ns(), seen = end_ns_.load();
    while (seen < end && !end_ns_.compare_exchange_weak(seen, end)) {
    }
    {
      const std::lock_guard lock(mutex_);
      result_.latency_ms.insert(result_.latency_ms.end(), times.begin(), times.end());
      result_.missed += missed;
    }
    --active_;
  }

  void serve_flat_out(Lane& lane, std::vector<double>& times) {
    const int64_t until = start_ns_ + static_cast<int64_t>(options_.duration_s * 1e9);
    while (!failed_.load()) {
      if (limit_ > 0 && next_.fetch_add(1) >= limit_) return;
      const int64_t begin = now_ns();
      if (limit_ == 0 && begin >= until && !times.empty()) return;
      lane.context.run(lane.inputs, lane.outputs);
      times.push_back(static_cast<double>(now_ns() - begin) * 1e-6);
    }
  }

  void serve_paced(Lane& lane, std::vector<double>& times, int64_t& missed) {
    const int64_t give_up = start_ns_ + static_cast<int64_t>(period_ns_ * static_cast<double>(limit_)) + deadline_ns_;
    while (!failed_.load()) {
      const int64_t number = next_.fetch_add(1);
      if (number >= limit_) return;
      const int64_t arrival = start_ns_ + static_cast<int64_t>(period_ns_ * static_cast<double>(number));
      sleep_until(arrival);
      if (now_ns() > give_up) {
        ++missed;
        continue;
      }
      lane.context.run(lane.inputs, lane.outputs);
      const int64_t late = now_ns() - arrival;
      if (late > deadline_ns_) ++missed;
      times.push_back(static_cast<double>(late) * 1e-6);
    }
  }

  void keep_error() {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
    failed_ = true;
  }

  std::vector<Lane>& lanes_;
  const LoadOptions& options_;
  std::barrier<> gate_;
  double period_ns_ = 0;
  int64_t deadline_ns_ = 0, limit_ = 0, start_ns_ = 0;
  std::atomic<int64_t> next_{0}, end_ns_{0};
  std::atomic<int> active_{static_cast<int>(lanes_.size())};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr error_;
  LoadResult result_;
};

}  // namespace

LoadResult run_load(std::vector<Lane>& lanes, const LoadOptions& options) {
  return Load(lanes, options).run();
}

}  // namespace stretto::tools
