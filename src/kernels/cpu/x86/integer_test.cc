// x86 rows on quantised values: every problem in blocks of sixteen channels is taken to the bit, and every instruction
// set writes the same bytes.
#include <gtest/gtest.h>

#include <limits>

#include "kernels/cpu/tables.h"
#include "kernels/cpu/testing_integer.h"

#if defined(__x86_64__)
namespace stretto::kernels::testing {
namespace {

/// Checks every row of this table that takes the problem on this machine; says how many do.
int check_rows(const Problem& problem) {
  int taken = 0;
  for (const Tactic& tactic : x86_integer_table()) {
    if (!cpu_has(tactic.isa) || tactic.supports(problem) != Refusal::none) continue;
    ++taken;
    for (const Config& config : tactic.configs(problem)) {
      EXPECT_EQ(check(problem, tactic, config), "") << tactic.name << "\n" << to_string(problem);
    }
  }
  return taken;
}

TEST(IntegerX86, RandomProblemsAreComputedToTheBit) {
  int taken = 0;
  for (const Problem& problem : integer_problems(5, 3000)) taken += check_rows(problem) > 0;
  if (!cpu_has(Isa::avx2)) GTEST_SKIP() << "no AVX2";
  EXPECT_GT(taken, 900);
}

TEST(IntegerX86, PicturesOfEveryNumberOfChannelsAreQuantisedAndGivenBack) {
  if (!cpu_has(Isa::avx2)) GTEST_SKIP() << "no AVX2";
  for (int64_t channels = 1; channels <= 34; ++channels) {
    for (Layout layout : {Layout::plain, Layout::c8, Layout::c16}) {
      Builder b;
      b.node(op::Quantize{0.01f, 128, DType::u8}, {b.in({1, channels, 5, 7}, layout)});
      EXPECT_GT(check_rows(b.done(Layout::c16)), 0);
      Builder c;
      c.node(op::Dequantize{7, 1}, {c.in({1, channels, 5, 7}, Layout::c16, DType::u8), c.constant({channels})});
      EXPECT_GT(check_rows(c.done(layout)), 0);
    }
  }
}

TEST(IntegerX86, LargePlanesAreSharedOutToTasks) {
  if (!cpu_has(Isa::avx2)) GTEST_SKIP() << "no AVX2";
  Builder b;
  b.node(op::Quantize{0.01f, 114, DType::u8}, {b.in({1, 3, 123, 221})});
  EXPECT_GT(check_rows(b.done(Layout::c16)), 0);
  Builder c;
  const int x = c.in({2, 20, 61, 67}, Layout::c16, DType::u8), y = c.in({2, 20, 61, 67}, Layout::c16, DType::u8);
  const int sum = c.node(op::Requantize{3, 4, 0.7f, 9, 9, 200, DType::u8}, {x, c.constant({1}), y});
  c.node(op::Lookup{}, {sum, c.constant({256}, DType::u8)});
  EXPECT_GT(check_rows(c.done(Layout::c16)), 0);
  Builder d;
  d.node(op::Dequantize{3, 1}, {d.in({1, 5, 151, 149}, Layout::plain, DType::u8), d.constant({1})});
  EXPECT_GT(check_rows(d.done()), 0);
  Builder e;
  e.node(op::Pool{op::PoolKind::max, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, false, false},
         {e.in({1, 64, 112, 112}, Layout::c16, DType::u8)});
  EXPECT_GT(check_rows(e.done(Layout::c16)), 0);
}

TEST(IntegerX86, WhatIsNoNumberTiesAndInfinitiesAreQuantisedAsTheReferenceDoes) {
  constexpr float kInf = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  const float values[] = {0.25f, 0.75f, 1.25f,  -0.25f, -0.75f, kInf,   -kInf,
                          kNan,  1e30f, -1e30f, 1e-42f, 63.75f, 64.25f, -kNan};
  for (Layout layout : {Layout::plain, Layout::c16}) {
    for (float scale : {0.5f, 1e-40f}) {
      Builder b;
      b.node(op::Quantize{scale, 5, DType::u8}, {b.in({1, 2, 1, 7}, layout)});
      const Problem problem = b.done(Layout::c16);
      for (const Tactic& tactic : x86_integer_table()) {
        if (!cpu_has(tactic.isa) || tactic.supports(problem) != Refusal::none) continue;
        Check specials(problem, tactic, {});
        specials.set_input(0, Tensor::of<float>(DType::f32, {1, 2, 1, 7}, values));
        EXPECT_EQ(specials.run(), "") << tactic.name;
      }
    }
  }
}

TEST(IntegerX86, MaximaOfWideRowsAreTakenInParts) {
  if (!cpu_has(Isa::avx2)) GTEST_SKIP() << "no AVX2";
  for (int64_t kernel : {1, 2, 3, 5}) {
    for (int64_t stride : {1, 2, 3}) {
      for (DType dtype : {DType::u8, DType::i8}) {
        Builder b;
        b.node(op::Pool{op::PoolKind::max, {kernel, kernel}, {stride, stride}, {1, 2}, {0, kernel / 2, kernel / 2, 0}},
               {b.in({1, 20, 9, 531}, Layout::c16, dtype)});
        EXPECT_GT(check_rows(b.done(Layout::c16)), 0);
      }
    }
  }
}

}  // namespace
}  // namespace stretto::kernels::testing
#endif
