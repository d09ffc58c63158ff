#include <gtest/gtest.h>
#include <stretto/context.h>
#include <stretto/engine.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "device/count_allocations.h"
#include "runtime/engine_impl.h"
#include "runtime/testing.h"

namespace stretto {
namespace {

using testing::kMapElements;
using testing::kMapType;
using testing::PlanMaker;
using testing::ramp;
using testing::small_plan;

struct Buffers {
  std::vector<float> x = ramp(kMapElements), y = std::vector<float>(kMapElements), z = y, k = std::vector<float>(4);

  std::vector<InputView> inputs() { return {{"x", x}}; }
  std::vector<OutputView> outputs() { return {{"k", k}, {"y", y}, {"z", z}}; }
  void run(Context& context) { context.run(inputs(), outputs()); }
};

/// The message and kind of what `f` throws.
template <class Function>
std::string refusal_of(Function&& f, ErrorKind kind = ErrorKind::bad_usage) {
  try {
    f();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), kind) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST(Engine, tells_what_the_network_takes_and_gives) {
  const Engine engine = make_engine(small_plan());
  EXPECT_EQ(engine.programs(), 1);
  ASSERT_EQ(engine.inputs().size(), 1u);
  EXPECT_EQ(engine.inputs()[0].name, "x");
  EXPECT_EQ(engine.inputs()[0].type, ElementType::f32);
  EXPECT_EQ(engine.inputs()[0].shape, (std::vector<int64_t>{1, 20, 9, 7}));
  EXPECT_EQ(engine.inputs()[0].bytes, static_cast<size_t>(kMapElements) * 4);
  EXPECT_EQ(engine.outputs().size(), 3u);
  EXPECT_EQ(engine.memory(0, 1).weights, 64u);
  EXPECT_GE(engine.memory(0, 2).activations, kMapType.bytes());
  EXPECT_NE(refusal_of([&] { engine.inputs(1); }).find("program 1"), std::string::npos);
  EXPECT_NE(refusal_of([&] { engine.context({.threads = -1}); }).find("threads"), std::string::npos);
}

TEST(Context, a_run_allocates_nothing) {
  if (!kCountsAllocations) GTEST_SKIP() << "a sanitizer has its own malloc";
  const Engine engine = make_engine(small_plan());
  for (int threads : {1, 2, 4}) {
    Context context = engine.context({.threads = threads});
    Buffers b;
    const int64_t before = allocation_count.load();
    for (int i = 0; i < 100; ++i) {
      context.run({{"x", b.x}}, {{"y", b.y}, {"z", b.z}, {"k", b.k}});
    }
    EXPECT_EQ(allocation_count.load(), before) << threads << " threads";
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // workers are asleep
    const int64_t asleep = allocation_count.load();
    context.run({{"x", b.x}}, {{"y", b.y}, {"z", b.z}, {"k", b.k}});
    EXPECT_EQ(allocation_count.load(), asleep);
  }
}

TEST(Context, wrong_names_and_sizes_are_refused_by_name) {
  Context context = make_engine(small_plan()).context({.threads = 1});
  Buffers b;
  EXPECT_EQ(refusal_of([&] { context.run({{"q", b.x}}, {}); }), "there is no input 'q'; the network has 'x'");
  EXPECT_EQ(refusal_of([&] { context.run({}, {}); }), "input 'x' is missing; give all of them");
  EXPECT_EQ(refusal_of([&] {
              context.run({{"x", b.x.data(), 100}}, {});
            }),
            "input 'x' takes 5040 bytes (f32[1x20x9x7]), not 100");
  EXPECT_EQ(refusal_of([&] { context.run({{"x", b.x}, {"x", b.x}}, {}); }), "input 'x' is given twice");
  EXPECT_EQ(refusal_of([&] {
              context.run({{"x", b.x}}, {{"y", b.y}, {"z", b.z}});
            }),
            "output 'k' is missing; give all of them");
  EXPECT_NE(refusal_of([&] { context.run({{"x", nullptr, b.x.size() * 4}}, {}); }).find("null"), std::string::npos);
  EXPECT_NE(refusal_of([&] {
              context.run({{"x", reinterpret_cast<const char*>(b.x.data()) + 1, b.x.size() * 4}}, {});
            }).find("aligned"),
            std::string::npos);
  EXPECT_NE(refusal_of([&] {
              context.run({{"x", b.x}}, {{"y", b.x}, {"z", b.z}, {"k", b.k}});
            }).find("overlaps"),
            std::string::npos);
  b.run(context);  // and it still works
  EXPECT_EQ(b.k[3], -4);
}

TEST(Context, two_contexts_at_once_give_the_same_bytes) {
  const Engine engine = make_engine(small_plan());
  Buffers expected;
  Context first = engine.context({.threads = 1});
  expected.run(first);
  auto drive = [&] {
    Context context = engine.context({.threads = 2});
    for (int i = 0; i < 500; ++i) {
      Buffers b;
      b.run(context);
      ASSERT_EQ(b.y, expected.y);
      ASSERT_EQ(b.z, expected.z);
    }
  };
  std::thread other(drive);
  drive();
  other.join();
}

TEST(Context, asynchronous_runs_are_done_in_order) {
  Context context = make_engine(small_plan()).context({.threads = 2});
  constexpr int kRuns = 200;
  std::vector<Buffers> buffers(kRuns);
  std::vector<Pending> pending;
  for (int i = 0; i < kRuns; ++i) {
    auto& b = buffers[static_cast<size_t>(i)];
    b.x.assign(b.x.size(), static_cast<float>(i + 1));
    pending.push_back(context.run_async(b.inputs(), b.outputs()));
  }
  pending[kRuns / 2].wait();
  for (int i = 0; i <= kRuns / 2; ++i) EXPECT_TRUE(pending[static_cast<size_t>(i)].done());
  Buffers last;
  last.run(context);  // comes after all of them
  for (const Pending& p : pending) EXPECT_TRUE(p.done());
  for (int i = 0; i < kRuns; ++i) EXPECT_EQ(buffers[static_cast<size_t>(i)].y[7], static_cast<float>(2 * (i + 1)));
}

TEST(Context, one_that_goes_finishes_its_runs) {
  Buffers b;
  std::vector<Pending> pending;
  {
    Context context = make_engine(small_plan()).context({.threads = 2});
    for (int i = 0; i < 20; ++i) pending.push_back(context.run_async(b.inputs(), b.outputs()));
  }
  for (const Pending& p : pending) {
    EXPECT_TRUE(p.done());
    p.wait();
  }
  EXPECT_EQ(b.k[0], 1);
}

TEST(Context, an_asynchronous_run_with_wrong_names_is_refused_at_once) {
  Context context = make_engine(small_plan()).context({.threads = 1});
  refusal_of([&] { context.run_async({}, {}); });
}

TEST(Context, a_profile_names_every_step) {
  Context context = make_engine(small_plan()).context({.threads = 2});
  Buffers b;
  const std::vector<StepTime> times = context.profile(b.inputs(), b.outputs());
  ASSERT_EQ(times.size(), 4u);
  EXPECT_EQ(times[0].name, "step0");
  EXPECT_EQ(times[0].op, "relu");
  EXPECT_EQ(times[0].precision, "fp32");
  EXPECT_GE(times[0].ms, 0);
  EXPECT_FALSE(times[0].tactic.empty());
}

/// As many steps and as many bytes as ResNet-50 has.
TEST(Engine, a_large_plan_loads_within_ten_milliseconds) {
  PlanMaker m;
  const uint32_t x = m.input("x", kMapType), y = m.output("y", kMapType);
  std::vector<float> values(size_t{25} << 20);
  values[1] = 1;
  m.constant(Tensor::of<float>(DType::f32, {25 << 20}, values));
  uint32_t from = x;
  for (int i = 0; i < 80; ++i) {
    const uint32_t to = i == 79 ? y : m.activation(kMapType);
    m.step(testing::unary("plain", "plain", "unary(kind=relu,a=0,b=0)"), {from}, to);
    from = to;
  }
  const std::string path = (std::filesystem::temp_directory_path() / ("stretto." + std::to_string(getpid()))).string();
  ASSERT_TRUE(plan::save(*m.finish(), path).ok());
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    const Engine engine = Engine::load(path);
    best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
    EXPECT_EQ(engine.memory().weights, size_t{100} << 20);
  }
  std::filesystem::remove(path);
  RecordProperty("milliseconds", std::to_string(best));
  if (kCountsAllocations) {  // no sanitizer
    EXPECT_LT(best, 10);
  }
}

TEST(Engine, what_cannot_be_loaded_throws) {
  EXPECT_NE(refusal_of([] { Engine::load("/no/such.plan"); }, ErrorKind::bad_input).find("/no/such.plan"),
            std::string::npos);
}

}  // namespace
}  // namespace stretto
