#include "device/placement.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

#include "device/task_pool.h"

namespace stretto {
namespace {

int first_usable_cpu() {
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<size_t>(cpu), &set)) return cpu;
  }
  return -1;
}

void note_cpu(const StepArgs& args, TaskId id) {
  if (id.worker > 0) static_cast<int*>(args.dst)[0] = sched_getcpu();
}

TEST(Placement, AThreadRunsWhereItWasPut) {
  const int cpu = first_usable_cpu();
  int seen = -1;
  std::thread([&] {
    ASSERT_TRUE(place_thread(pthread_self(), {{cpu}, 0}, 7).ok());
    seen = sched_getcpu();
  }).join();
  EXPECT_EQ(seen, cpu);
}

TEST(Placement, WorkersOfAPoolRunWhereTheyWerePut) {
  const int cpu = first_usable_cpu();
  TaskPool pool(2, 1);
  ASSERT_TRUE(pool.place({{cpu}, 0}).ok());
  int seen = -1;
  StepCall call{note_cpu, {}, {64}};
  call.args.dst = &seen;
  for (int run = 0; run < 1000 && seen < 0; ++run) pool.run({&call, 1});
  EXPECT_TRUE(seen == cpu || seen < 0);  // a busy machine may leave every task to the caller
}

TEST(Placement, WhatTheSystemDoesNotHaveIsRefusedInOneSentence) {
  EXPECT_EQ(place_thread(pthread_self(), {{-1}, 0}, 0).code(), Code::bad_usage);
  EXPECT_EQ(place_thread(pthread_self(), {{CPU_SETSIZE - 1}, 0}, 0).code(), Code::bad_usage);
  EXPECT_EQ(place_thread(pthread_self(), {{}, 100}, 0).code(), Code::bad_usage);
}

}  // namespace
}  // namespace stretto
