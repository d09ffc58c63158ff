#include "tools/peak.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

namespace stretto::tools {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A loop of independent multiply–adds; returns how many operations it did.
using Loop = double (*)(int64_t rounds);

/// Twelve accumulators hide a latency of 4 cycles at two operations a cycle, with room to spare.
#define STRETTO_TWELVE(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)

#if defined(__x86_64__)
typedef float Float16 __attribute__((vector_size(64)));
typedef float Float8 __attribute__((vector_size(32)));
typedef float Float4 __attribute__((vector_size(16)));

__attribute__((target("avx512f"))) double loop_avx512(int64_t rounds) {
#define STRETTO_DECLARE(i) Float16 a##i = {};
  STRETTO_TWELVE(STRETTO_DECLARE)
  const Float16 x = {};
  for (int64_t r = 0; r < rounds; ++r) {
#define STRETTO_STEP(i) asm volatile("vfmadd231ps %1, %1, %0" : "+v"(a##i) : "v"(x));
    STRETTO_TWELVE(STRETTO_STEP)
  }
#undef STRETTO_DECLARE
#undef STRETTO_STEP
  return static_cast<double>(rounds) * 12 * 16 * 2;
}

__attribute__((target("avx2,fma"))) double loop_avx2(int64_t rounds) {
#define STRETTO_DECLARE(i) Float8 a##i = {};
  STRETTO_TWELVE(STRETTO_DECLARE)
  const Float8 x = {};
  for (int64_t r = 0; r < rounds; ++r) {
#define STRETTO_STEP(i) asm volatile("vfmadd231ps %1, %1, %0" : "+x"(a##i) : "x"(x));
    STRETTO_TWELVE(STRETTO_STEP)
  }
#undef STRETTO_DECLARE
#undef STRETTO_STEP
  return static_cast<double>(rounds) * 12 * 8 * 2;
}

/// Without fused operations: half of the registers multiply, half add.
double loop_baseline(int64_t rounds) {
#define STRETTO_DECLARE(i) Float4 a##i = {};
  STRETTO_TWELVE(STRETTO_DECLARE)
  const Float4 x = {};
  for (int64_t r = 0; r < rounds; ++r) {
#define STRETTO_STEP(i)                                 \
  if constexpr (i % 2 == 0)                             \
    asm volatile("mulps %1, %0" : "+x"(a##i) : "x"(x)); \
  else                                                  \
    asm volatile("addps %1, %0" : "+x"(a##i) : "x"(x));
    STRETTO_TWELVE(STRETTO_STEP)
  }
#undef STRETTO_DECLARE
#undef STRETTO_STEP
  return static_cast<double>(rounds) * 12 * 4;
}

Loop loop_for(Isa isa) {
  if (contains(isa, Isa::avx512)) return loop_avx512;
  return contains(isa, Isa::avx2) ? loop_avx2 : loop_baseline;
}

constexpr double kMultiplyLatency = 3;
#define STRETTO_MULTIPLY(x) asm volatile("imul %0, %0" : "+r"(x))
#else
typedef float Float4 __attribute__((vector_size(16)));

double loop_baseline(int64_t rounds) {
#define STRETTO_DECLARE(i) Float4 a##i = {};
  STRETTO_TWELVE(STRETTO_DECLARE)
  Float4 x = {};
#if defined(__aarch64__)
#define STRETTO_STEP(i) asm volatile("fmla %0.4s, %1.4s, %1.4s" : "+w"(a##i) : "w"(x));
#else
#define STRETTO_STEP(i) \
  a##i += x * x;        \
  asm volatile("" : "+g"(a##i));
#endif
  for (int64_t r = 0; r < rounds; ++r) {
    STRETTO_TWELVE(STRETTO_STEP)
  }
#undef STRETTO_DECLARE
#undef STRETTO_STEP
  return static_cast<double>(rounds) * 12 * 4 * 2;
}

Loop loop_for(Isa) {
  return loop_baseline;
}

constexpr double kMultiplyLatency = 3;
#if defined(__aarch64__)
#define STRETTO_MULTIPLY(x) asm volatile("mul %0, %0, %0" : "+r"(x))
#else
#define STRETTO_MULTIPLY(x) \
  x *= x;                   \
  asm volatile("" : "+r"(x))
#endif
#endif

/// Every thread does `work` once, all at the same time; returns the seconds until the last is done.
template <class Work>
double together(int threads, const Work& work) {
  if (threads <= 1) {
    const auto start = Clock::now();
    work(0);
    return seconds_since(start);
  }
  std::barrier ready(threads);
  std::vector<double> seconds(static_cast<size_t>(threads));
  std::vector<std::jthread> others;
  for (int t = 0; t < threads; ++t) {
    others.emplace_back([&, t] {
      ready.arrive_and_wait();
      const auto start = Clock::now();
      work(t);
      seconds[static_cast<size_t>(t)] = seconds_since(start);
    });
  }
  others.clear();
  return *std::max_element(seconds.begin(), seconds.end());
}

}  // namespace

Isa widest_float_isa() {
  for (Isa isa : {Isa::avx512, Isa::avx2, Isa::neon}) {
    if (cpu_has(isa)) return isa;
  }
  return Isa::scalar;
}

double measure_peak_gflops(Isa isa, int threads) {
  constexpr double kRoundSeconds = 0.0005;
  constexpr int kRounds = 100;
  const Loop loop = loop_for(isa);
  const auto rate = [loop](int64_t rounds, double& seconds) {
    const auto start = Clock::now();
    const double operations = loop(rounds);
    seconds = seconds_since(start);
    return operations / std::max(seconds, 1e-9);
  };
  std::vector<double> best(static_cast<size_t>(threads));
  together(threads, [&](int t) {
    int64_t rounds = 1024;
    double seconds = 0, fastest = 0;
    while (rate(rounds, seconds), seconds < kRoundSeconds && rounds < (int64_t{1} << 40)) rounds *= 2;
    for (int i = 0; i < kRounds; ++i) fastest = std::max(fastest, rate(rounds, seconds));
    best[static_cast<size_t>(t)] = fastest;
  });
  return std::accumulate(best.begin(), best.end(), 0.0) * 1e-9;
}

double measure_clock_ghz() {
  constexpr int kSteps = 1 << 20;
  double best = 0;
  for (int round = 0; round < 8; ++round) {
    uint64_t x = 3;
    const auto start = Clock::now();
    for (int i = 0; i < kSteps; i += 8) {
      STRETTO_MULTIPLY(x);
      STRETTO_MULTIPLY(x);
      STRETTO_MULTIPLY(x);
      STRETTO_MULTIPLY(x);
      STRETTO_MULTIPLY(x);
      STRETTO_MULTIPLY(x);
      STRETTO_MULTIPLY(x);
      STRETTO_MULTIPLY(x);
    }
    best = std::max(best, kSteps * kMultiplyLatency / seconds_since(start));
  }
  return best * 1e-9;
}

double measure_memory_gb_per_s(int threads) {
  const auto cached = static_cast<size_t>(std::max<int64_t>(cache_bytes(3), 0));
  const size_t words = std::clamp<size_t>(4 * cached, size_t{64} << 20, size_t{512} << 20) / sizeof(uint64_t);
  const std::vector<uint64_t> buffer(words, 1);
  std::atomic<uint64_t> keep{0};
  const size_t part = words / static_cast<size_t>(threads) / 4 * 4;
  const auto read = [&](int t) {
    const uint64_t* from = buffer.data() + static_cast<size_t>(t) * part;
    uint64_t sum[4] = {};
    for (size_t i = 0; i < part; i += 4) {
      for (size_t k = 0; k < 4; ++k) sum[k] += from[i + k];
    }
    keep += sum[0] + sum[1] + sum[2] + sum[3];
  };
  double best = 0;
  for (int round = 0; round < 3; ++round) {
    best = std::max(
        best, static_cast<double>(part * sizeof(uint64_t) * static_cast<size_t>(threads)) / together(threads, read));
  }
  return best * 1e-9;
}

}  // namespace stretto::tools
