#include "runtime/executor.h"

#include <gtest/gtest.h>

#include <thread>

#include "runtime/testing.h"

namespace stretto {
namespace {

using testing::kMapElements;
using testing::kMapType;
using testing::PlanMaker;
using testing::ramp;
using testing::small_plan;
using testing::unary;

std::unique_ptr<Executor> executor_of(std::shared_ptr<const plan::Plan> plan, int threads) {
  auto resolved = resolve(std::move(plan));
  EXPECT_TRUE(resolved.ok()) << resolved.status().message();
  auto executor = Executor::create(*resolved, 0, threads);
  EXPECT_TRUE(executor.ok()) << executor.status().message();
  return std::move(executor).value();
}

struct Outputs {
  std::vector<float> y = std::vector<float>(kMapElements), z = y, k = std::vector<float>(4);
  bool operator==(const Outputs&) const = default;
};

Outputs run(Executor& executor, const std::vector<float>& x, StepObserver* observer = nullptr) {
  Outputs out;
  const void* inputs[] = {x.data()};
  void* outputs[] = {out.y.data(), out.z.data(), out.k.data()};
  executor.run(inputs, outputs, observer);
  return out;
}

TEST(Executor, computes_what_the_steps_say) {
  auto plan = small_plan();
  ASSERT_TRUE(plan::verify(*plan).ok()) << plan::verify(*plan).message();
  auto executor = executor_of(plan, 1);
  const std::vector<float> x = ramp(kMapElements);
  const Outputs out = run(*executor, x);
  for (size_t i = 0; i < x.size(); ++i) {
    const float relu = x[i] > 0 ? x[i] : 0;
    ASSERT_EQ(out.z[i], relu);
    ASSERT_EQ(out.y[i], relu + x[i]);
  }
  EXPECT_EQ(out.k, (std::vector<float>{1, -2, 3, -4}));
}

TEST(Executor, gives_the_same_bytes_with_any_number_of_threads_in_any_run) {
  auto plan = small_plan();
  const std::vector<float> x = ramp(kMapElements, 0.37f);
  const Outputs expected = run(*executor_of(plan, 1), x);
  for (int threads : {1, 2, 3, 4}) {
    auto executor = executor_of(plan, threads);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(run(*executor, x), expected) << threads << " threads, run " << i;
  }
}

TEST(Executor, packed_weights_reach_the_kernel) {
  PlanMaker m;
  const TensorType out_type{DType::f32, {1, 3, 4, 4}};
  const uint32_t x = m.input("x", {DType::f32, {1, 2, 4, 4}}), y = m.output("y", out_type);
  std::vector<float> w(3 * 2), b = {10, 20, 30};
  for (size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i);
  m.step(
      "%0 f32[1x2x4x4] plain in; %1 f32[3x2x1x1] plain const; %2 f32[3] plain const; %3 f32[1x3x4x4] plain out; "
      "%3 = conv(strides=1x1,dilations=1x1,pads=0x0x0x0,group=1) %0 %1 %2",
      {x}, y, {Tensor::of<float>(DType::f32, {3, 2, 1, 1}, w), Tensor::of<float>(DType::f32, {3}, b)});
  auto executor = executor_of(m.finish(), 2);
  const std::vector<float> src = ramp(32);
  std::vector<float> dst(48);
  const void* inputs[] = {src.data()};
  void* outputs[] = {dst.data()};
  executor->run(inputs, outputs);
  for (size_t o = 0; o < 3; ++o) {
    for (size_t i = 0; i < 16; ++i) {
      ASSERT_EQ(dst[o * 16 + i], b[o] + w[o * 2] * src[i] + w[o * 2 + 1] * src[16 + i]);
    }
  }
}

TEST(Executor, an_observer_finds_every_tensor_after_its_step) {
  struct Reader : StepObserver {
    void step_done(int i, int64_t) override {
      const plan::Step& step = executor->program().steps[static_cast<size_t>(i)];
      const plan::ProgramTensor& t = executor->program().tensors[step.output];
      std::vector<float> plain(static_cast<size_t>(t.type.elements()));
      to_plain(t.type, t.layout, executor->tensor_data(step.output), plain.data());
      seen.push_back(std::move(plain));
    }
    Executor* executor = nullptr;
    std::vector<std::vector<float>> seen;
  };
  auto executor = executor_of(small_plan(), 2);
  Reader reader;
  reader.executor = executor.get();
  const Outputs out = run(*executor, ramp(kMapElements), &reader);
  ASSERT_EQ(reader.seen.size(), 4u);
  EXPECT_EQ(reader.seen[0], out.z);
  EXPECT_EQ(reader.seen[1], out.y);
  EXPECT_EQ(reader.seen[2], out.y);
  EXPECT_EQ(reader.seen[3], out.k);
}

TEST(Executor, two_executors_of_one_plan_run_at_once) {
  auto resolved = resolve(small_plan()).value();
  auto drive = [&resolved](float scale) {
    auto executor = Executor::create(resolved, 0, 2).value();
    const std::vector<float> x = ramp(kMapElements, scale);
    const Outputs expected = run(*executor, x);
    for (int i = 0; i < 500; ++i) ASSERT_EQ(run(*executor, x), expected);
  };
  std::thread other(drive, 2.f);
  drive(-3.f);
  other.join();
}

TEST(Executor, refuses_programs_and_threads_that_cannot_be) {
  auto resolved = resolve(small_plan()).value();
  EXPECT_EQ(Executor::create(resolved, 1, 1).status().code(), Code::bad_usage);
  EXPECT_EQ(Executor::create(resolved, -1, 1).status().code(), Code::bad_usage);
  EXPECT_EQ(Executor::create(resolved, 0, 0).status().code(), Code::bad_usage);
  EXPECT_EQ(Executor::create(resolved, 0, 1 << 20).status().code(), Code::bad_usage);
}

TEST(Executor, more_memory_than_the_machine_has_is_refused) {
  auto plan = small_plan();
  plan->programs[0].worker_scratch_bytes = uint64_t{1} << 40;
  auto executor = Executor::create(resolve(plan).value(), 0, 64);
  ASSERT_FALSE(executor.ok());
  EXPECT_EQ(executor.status().code(), Code::failed);
}

struct Damage {
  const char* name;
  void (*make)(plan::Plan&);
  Code code;
};
class Resolve : public ::testing::TestWithParam<Damage> {};

TEST_P(Resolve, refuses) {
  auto plan = small_plan();
  GetParam().make(*plan);
  ASSERT_TRUE(plan::verify(*plan).ok()) << plan::verify(*plan).message();
  auto resolved = resolve(plan);
  ASSERT_FALSE(resolved.ok());
  EXPECT_EQ(resolved.status().code(), GetParam().code) << resolved.status().message();
}

Isa missing_isa() {
  for (Isa isa : {Isa::i8mm, Isa::avx512_fp16}) {
    if (!cpu_has(isa)) return isa;
  }
  return Isa::neon;
}

const Damage kDamages[] = {
    {"isa", [](plan::Plan& p) { p.required_isa = missing_isa(); }, Code::failed},
    {"unknown_tactic", [](plan::Plan& p) { p.programs[0].steps[0].tactic = "cpu.none"; }, Code::failed},
    {"other_version", [](plan::Plan& p) { p.programs[0].steps[0].tactic_version = 999; }, Code::failed},
    {"config", [](plan::Plan& p) { p.programs[0].steps[0].config.v[3] = 12345; }, Code::bad_input},
    {"weights_bytes", [](plan::Plan& p) { p.programs[0].steps[0].weights_bytes += 1; }, Code::bad_input},
};
INSTANTIATE_TEST_SUITE_P(Plan, Resolve, ::testing::ValuesIn(kDamages), [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace stretto
