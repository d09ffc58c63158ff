#include "device/pacer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "device/period.h"

namespace stretto {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kMs = 1'000'000;

TEST(Period, is_steady_after_enough_equal_intervals) {
  Period period;
  for (int i = 0; i <= Period::kIntervals; ++i) {
    EXPECT_EQ(period.steady(), 0) << i;
    period.add(kMs + i * 33 * kMs);
  }
  EXPECT_EQ(period.steady(), 33 * kMs);
  EXPECT_EQ(period.jitter(), 0);
}

TEST(Period, bears_jitter_of_a_tenth_and_tells_it) {
  Period period;
  int64_t now = 5;
  for (int i = 0; i < 20; ++i) period.add(now += (i % 2 == 0 ? 33 : 35) * kMs);
  EXPECT_GE(period.steady(), 33 * kMs);
  EXPECT_LE(period.steady(), 35 * kMs);
  EXPECT_EQ(period.jitter(), 2 * kMs);
}

TEST(Period, one_late_run_ends_it_until_it_is_forgotten) {
  Period period;
  int64_t now = 5;
  for (int i = 0; i < 10; ++i) period.add(now += 10 * kMs);
  period.add(now += 17 * kMs);
  EXPECT_EQ(period.steady(), 0);
  for (int i = 0; i < Period::kIntervals; ++i) period.add(now += 10 * kMs);
  EXPECT_EQ(period.steady(), 10 * kMs);
}

TEST(Period, a_clock_that_stands_still_has_none) {
  Period period;
  for (int i = 0; i < 20; ++i) period.add(7);
  EXPECT_EQ(period.steady(), 0);
}

std::vector<std::byte> some_memory() {
  return std::vector<std::byte>(300'001);
}

TEST(Pacer, prepares_for_runs_at_a_steady_rate) {
  const std::vector<std::byte> memory = some_memory();
  Pacer pacer(2, {memory, {}});
  // A busy machine may disturb the rhythm: until it holds once, within a minute.
  for (int i = 0; i < 6000 && pacer.preparations() == 0; ++i) {
    pacer.run_begins();
    pacer.run_ends();
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_GT(pacer.preparations(), 0u);
}

TEST(Pacer, leaves_runs_without_a_rhythm_alone) {
  const std::vector<std::byte> memory = some_memory();
  Pacer pacer(2, {memory});
  for (int i = 0; i < 40; ++i) {
    pacer.run_begins();
    pacer.run_ends();
    std::this_thread::sleep_for(i % 3 == 0 ? 9ms : 2ms);
  }
  EXPECT_EQ(pacer.preparations(), 0u);
}

TEST(Pacer, ends_at_any_time) {
  const std::vector<std::byte> memory = some_memory();
  for (int runs = 0; runs < 12; ++runs) {
    Pacer pacer(2, {memory});
    for (int i = 0; i < runs; ++i) {
      pacer.run_begins();
      pacer.run_ends();
      std::this_thread::sleep_for(4ms);
    }
  }
}

}  // namespace
}  // namespace stretto
