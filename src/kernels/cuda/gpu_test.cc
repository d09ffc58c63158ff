// What a GPU computes, against the reference; and the plug-in's rows against
// those that it was made of.
#include <gtest/gtest.h>

#include "kernels/cuda/rows.h"
#include "kernels/cuda/testing.h"
#include "tactics/plugin_rows.h"
#include "tactics/select/gpu_trial.h"
#include "tactics/select/limits.h"

namespace stretto::kernels::cuda {
namespace {

TEST(PluginRows, say_through_the_interface_what_they_say_themselves) {
  const auto plugin = cuda_plugin();
  if (!plugin.ok()) GTEST_SKIP() << "PluginRows: " << plugin.status().message();
  const TacticTable table = cuda_tactic_table();
  ASSERT_EQ(table.size(), rows().size());
  for (size_t i = 0; i < table.size(); ++i) {
    const Tactic &there = table[i], &here = rows()[i].tactic;
    EXPECT_STREQ(there.name, here.name);
    EXPECT_EQ(plugin_row(there), i);
    EXPECT_EQ(std::tuple(there.version, there.numerics, there.half_weights, there.tf32, there.compute, there.on_gpu),
              std::tuple(here.version, here.numerics, here.half_weights, here.tf32, here.compute, here.on_gpu));
    for (const Case &c : all_cases()) {
      ASSERT_EQ(there.supports(c.problem), here.supports(c.problem)) << here.name << ": " << c.name;
      if (here.supports(c.problem) != Refusal::none) continue;
      const std::vector<Config> configs = here.configs(c.problem);
      ASSERT_EQ(there.configs(c.problem), configs) << here.name << ": " << c.name;
      const Booking a = there.book(c.problem, configs[0]), b = here.book(c.problem, configs[0]);
      EXPECT_EQ(std::tuple(a.weights_bytes, a.scratch_bytes, a.tasks[0]),
                std::tuple(b.weights_bytes, b.scratch_bytes, b.tasks[0]));
      EXPECT_EQ(there.estimate(c.problem, configs[0], 1), here.estimate(c.problem, configs[0], 1));
      const RandomOperands operands = testing::test_operands(c.problem);
      std::vector<std::byte> packed(a.weights_bytes), expected(a.weights_bytes);
      if (packed.empty()) continue;
      there.pack(c.problem, configs[0], operands.constants, packed.data());
      here.pack(c.problem, configs[0], operands.constants, expected.data());
      EXPECT_EQ(packed, expected) << here.name << ": " << c.name;
    }
  }
}

TEST(Gpu, every_row_agrees_with_the_reference_on_every_problem_it_takes) {
  const auto found = gpus();
  if (!found.ok()) GTEST_SKIP() << "Gpu.every_row_agrees…: " << found.status().message();
  auto gpu = Gpu::open(0);
  ASSERT_TRUE(gpu.ok()) << gpu.status().message();
  std::vector<Case> cases = all_cases();
  for (Case &c : random_integer_cases(300)) cases.push_back(std::move(c));
  for (const Case &c : cases) {
    TrialData data(c.problem);
    for (const Tactic &tactic : cuda_tactic_table()) {
      if (tactic.compute > (*gpu)->info().compute || refusal_of(tactic, c.problem) != Refusal::none) continue;
      for (const Config &config : tactic.configs(c.problem)) {
        const std::string what = c.name + " by " + tactic.name + " " + to_string(config);
        auto trial = GpuTrial::make(*gpu, data, tactic, config);
        ASSERT_TRUE(trial.ok()) << what << ": " << trial.status().message();
        const auto output = (*trial)->run_once();
        ASSERT_TRUE(output.ok()) << what << ": " << output.status().message();
        EXPECT_LE(data.error_of(output.value()), allowed_error(c.problem, tactic)) << what;
      }
    }
  }
}

}  // namespace
}  // namespace stretto::kernels::cuda
