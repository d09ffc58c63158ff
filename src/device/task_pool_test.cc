#include "device/task_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <random>

#include "device/count_allocations.h"
#include "device/memory.h"

namespace stretto {
namespace {

/// What the tasks of one run leave behind: a global clock's value for every task, and how often each ran.
struct Ledger {
  struct Entry {
    std::atomic<int> times{0};
    std::atomic<int64_t> at{-1};
  };
  std::atomic<int64_t> clock{0};
  std::vector<std::unique_ptr<Entry[]>> entries;  // by phase in the whole list
};

struct Params {
  Ledger* ledger;
  int first_phase;
};

void note(const StepArgs& args, TaskId id) {
  const auto& p = *static_cast<const Params*>(args.params);
  Ledger::Entry& entry =
      p.ledger->entries[static_cast<size_t>(p.first_phase + id.phase)][static_cast<size_t>(id.index)];
  entry.at.store(p.ledger->clock.fetch_add(1));
  for (volatile int work = (id.index * 37 + id.phase) % 5 * 100; work > 0;) work = work - 1;
  entry.times.fetch_add(1);
}

struct Case {
  Ledger ledger;
  std::vector<Params> params;
  std::vector<StepCall> calls;
  std::vector<int> tasks;  // by phase in the whole list

  explicit Case(std::mt19937& random) {
    const int steps = std::uniform_int_distribution(1, 6)(random);
    params.reserve(static_cast<size_t>(steps));
    for (int s = 0; s < steps; ++s) {
      params.push_back({&ledger, static_cast<int>(tasks.size())});
      StepCall call{note, {}, {}};
      call.args.params = &params.back();
      const int phases = std::uniform_int_distribution(1, kMaxPhases)(random);
      for (int p = 0; p < phases; ++p) {
        const int n = random() % 3 == 0 ? 1 : std::uniform_int_distribution(1, 12)(random);
        call.tasks[static_cast<size_t>(p)] = n;
        tasks.push_back(n);
        ledger.entries.push_back(std::make_unique<Ledger::Entry[]>(static_cast<size_t>(n)));
      }
      calls.push_back(call);
    }
  }

  void expect_complete() const {
    int64_t last_of_previous = -1;
    for (size_t p = 0; p < tasks.size(); ++p) {
      int64_t first = INT64_MAX, last = -1;
      for (int i = 0; i < tasks[p]; ++i) {
        const Ledger::Entry& entry = ledger.entries[p][static_cast<size_t>(i)];
        ASSERT_EQ(entry.times.load(), 1) << "phase " << p << " task " << i;
        first = std::min(first, entry.at.load());
        last = std::max(last, entry.at.load());
      }
      ASSERT_GT(first, last_of_previous) << "phase " << p << " began before the one before it was done";
      last_of_previous = last;
    }
  }
};

class Threads : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(TaskPool, Threads, testing::Values(1, 2, 3, 4));

TEST_P(Threads, every_task_runs_once_and_phases_follow_each_other) {
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  TaskPool pool(GetParam(), 6 * kMaxPhases);
  for (int i = 0; i < 3000; ++i) {
    Case c(random);
    pool.run(c.calls);
    c.expect_complete();
    if (HasFatalFailure()) return;
  }
}

TEST_P(Threads, an_observer_sees_every_step_in_order) {
  struct Order : StepObserver {
    int next = 0;
    bool in_order = true;
    void step_done(int i, int64_t ns) override { in_order = in_order && i == next++ && ns >= 0; }
  };
  std::mt19937 random(7);
  TaskPool pool(GetParam(), 6 * kMaxPhases);
  for (int i = 0; i < 100; ++i) {
    Case c(random);
    Order order;
    pool.run(c.calls, &order);
    c.expect_complete();
    EXPECT_TRUE(order.in_order);
    EXPECT_EQ(order.next, static_cast<int>(c.calls.size()));
  }
}

TEST_P(Threads, a_run_allocates_nothing) {
  std::mt19937 random(11);
  Case warm(random), c(random);
  TaskPool pool(GetParam(), 6 * kMaxPhases);
  pool.run(warm.calls);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));  // workers are asleep by now
  const int64_t before = allocation_count.load();
  pool.run(c.calls);
  EXPECT_EQ(allocation_count.load(), before);
  c.expect_complete();
}

TEST_P(Threads, worker_numbers_are_below_the_number_of_threads) {
  struct Seen {
    std::atomic<int> most{0};
  } seen;
  StepCall call{[](const StepArgs& args, TaskId id) {
                  auto& most = static_cast<Seen*>(args.dst)->most;
                  int now = most.load();
                  while (id.worker > now && !most.compare_exchange_weak(now, id.worker)) continue;
                },
                {},
                {64}};
  call.args.dst = &seen;
  TaskPool pool(GetParam(), 1);
  for (int i = 0; i < 500; ++i) pool.run({&call, 1});
  EXPECT_LT(seen.most.load(), GetParam());
}

TEST(TaskPool, an_empty_list_is_run) {
  TaskPool pool(2, 0);
  pool.run({});
  pool.run({});
}

TEST(TaskPool, two_pools_run_side_by_side) {
  auto drive = [](unsigned seed) {
    std::mt19937 random(seed);
    TaskPool pool(2, 6 * kMaxPhases);
    for (int i = 0; i < 1000; ++i) {
      Case c(random);
      pool.run(c.calls);
      c.expect_complete();
    }
  };
  std::thread other(drive, 1u);
  drive(2u);
  other.join();
}

TEST(TaskPool, runs_after_pauses_of_any_length_are_complete) {
  std::mt19937 random(3);
  TaskPool pool(3, 6 * kMaxPhases);
  for (int i = 0; i < 300; ++i) {
    Case c(random);
    pool.run(c.calls);
    c.expect_complete();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
  }
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST(TaskPool, an_idle_pool_burns_nothing) {
  std::mt19937 random(5);
  TaskPool pool(4, 6 * kMaxPhases);
  Case c(random);
  pool.run(c.calls);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const double before = processor_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(processor_seconds() - before, 0.01);
}

TEST(Memory, is_aligned_zero_and_moves) {
  for (size_t bytes : {size_t{1}, size_t{4096}, size_t{3} << 20}) {
    Memory memory(bytes);
    ASSERT_TRUE(memory);
    EXPECT_EQ(memory.size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.data()) % kAlignment, 0u);
    EXPECT_EQ(memory.data()[bytes - 1], std::byte{0});
    memory.data()[bytes - 1] = std::byte{1};
    Memory moved = std::move(memory);
    EXPECT_FALSE(memory);
    EXPECT_EQ(moved.data()[bytes - 1], std::byte{1});
    memory = std::move(moved);
    EXPECT_TRUE(memory);
  }
}

TEST(Memory, of_no_size_or_too_much_is_empty) {
  EXPECT_FALSE(Memory(0));
  EXPECT_FALSE(Memory(SIZE_MAX));
  EXPECT_FALSE(Memory(SIZE_MAX / 4));
}

TEST(TaskPool, what_later_steps_read_is_shared_out_to_the_last_phase) {
  const std::vector<std::byte> ahead(size_t{64} * 100);
  StepCall call;
  call.tasks = {1, 10};
  set_fetch(call, ahead);
  EXPECT_LT(call.args.ahead_share, ahead.size() / 5);
  EXPECT_GE(call.args.ahead_share * 10, ahead.size());
}

}  // namespace
}  // namespace stretto
