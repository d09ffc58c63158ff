// Every row on every problem it takes agrees with the reference, computed on
// the host by the functions that the GPU runs.
#include "kernels/cuda/rows.h"

#include <gtest/gtest.h>

#include <set>

#include "kernels/cuda/testing.h"

namespace stretto::kernels::cuda {
namespace {

TEST(CudaRows, every_row_agrees_with_the_reference_on_every_problem_it_takes) {
  std::set<std::string> met;
  for (const Case &c : all_cases()) {
    bool taken = false;
    for (const Row &row : rows()) {
      const Tactic &tactic = row.tactic;
      if (refusal_of(tactic, c.problem) != Refusal::none) continue;
      taken = true;
      met.insert(tactic.name);
      if (tactic.task == nullptr) continue;
      for (const Config &config : tactic.configs(c.problem)) {
        EXPECT_EQ(testing::check(c.problem, tactic, config), "") << c.name << " by " << tactic.name;
      }
    }
    EXPECT_TRUE(taken) << c.name << ": no row takes " << to_string(c.problem);
  }
  for (const Case &c : random_integer_cases(600)) {
    for (const Row &row : rows()) {
      if (refusal_of(row.tactic, c.problem) != Refusal::none) continue;
      met.insert(row.tactic.name);
      const Config config = row.tactic.configs(c.problem)[0];
      EXPECT_EQ(testing::check(c.problem, row.tactic, config), "") << c.name << ": " << to_string(c.problem);
    }
  }
  for (const Row &row : rows()) EXPECT_TRUE(met.contains(row.tactic.name)) << row.tactic.name << " was never asked";
}

TEST(CudaRows, are_rows_of_a_gpu_with_names_of_their_own) {
  std::set<std::string> names;
  for (const Row &row : rows()) {
    EXPECT_TRUE(names.insert(row.tactic.name).second) << row.tactic.name;
    EXPECT_TRUE(std::string_view(row.tactic.name).starts_with("cuda.")) << row.tactic.name;
    EXPECT_TRUE(row.tactic.on_gpu) << row.tactic.name;
  }
}

TEST(CudaRows, layouts_of_the_other_device_are_refused) {
  Builder on_cpu, on_gpu;
  on_cpu.node(relu(), {on_cpu.in({1, 16, 3, 3}, Layout::c16)});
  on_gpu.node(relu(), {on_gpu.in({1, 16, 3, 3}, Layout::nhwc8)});
  const Problem of_cpu = on_cpu.done(Layout::c16), of_gpu = on_gpu.done(Layout::nhwc8);
  for (const Row &row : rows()) EXPECT_NE(refusal_of(row.tactic, of_cpu), Refusal::none) << row.tactic.name;
  Tactic cpu = rows()[0].tactic;
  cpu.on_gpu = false;
  cpu.supports = [](const Problem &) { return Refusal::none; };
  EXPECT_EQ(refusal_of(cpu, of_cpu), Refusal::none);
  EXPECT_EQ(refusal_of(cpu, of_gpu), Refusal::other_layout);
}

TEST(CudaRows, a_weight_that_another_step_computes_is_refused) {
  Builder b;
  b.node(op::Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}}, {b.in({1, 4, 3, 3}), b.in({4, 4, 1, 1})});
  EXPECT_EQ(conv_row().tactic.supports(b.done()), Refusal::dynamic_weights);
}

}  // namespace
}  // namespace stretto::kernels::cuda
