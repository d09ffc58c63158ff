// Portable integer rows: every operator and every chain of them is taken, to the bit.
#include <gtest/gtest.h>

#include <limits>

#include "kernels/cpu/tables.h"
#include "kernels/cpu/testing_integer.h"

namespace stretto::kernels::testing {
namespace {

/// Checks every row that takes the problem; says how many do.
int check_rows(TacticTable table, const Problem& problem) {
  int taken = 0;
  for (const Tactic& tactic : table) {
    if (!cpu_has(tactic.isa) || tactic.supports(problem) != Refusal::none) continue;
    ++taken;
    EXPECT_EQ(tactic.numerics == Numerics::bit_exact || std::string(tactic.name) == "cpu.generic.resize", true);
    for (const Config& config : tactic.configs(problem)) {
      EXPECT_EQ(check(problem, tactic, config), "") << tactic.name << "\n" << to_string(problem);
    }
  }
  return taken;
}

TEST(IntegerGeneric, EveryPlainProblemIsTakenToTheBit) {
  for (const Problem& problem : integer_problems(11, 1500)) {
    if (!is_plain(problem)) continue;
    EXPECT_GT(check_rows(generic_table(), problem), 0) << to_string(problem);
  }
}

TEST(IntegerGeneric, ConvolutionsOfOneAndThreeAxes) {
  Builder b;
  op::ConvInteger a;
  static_cast<op::Conv&>(a) = {{2}, {2}, {2, 1}, 1};
  a.zero = 7;
  b.node(a, {b.in({2, 5, 30}, Layout::plain, DType::u8), b.constant({7, 5, 3}, DType::i8)});
  EXPECT_EQ(check_rows(generic_table(), b.done()), 1);
  Builder c;
  op::ConvTransposeInteger t;
  static_cast<op::ConvTranspose&>(t) = {{2, 2, 1}, {1, 1, 1}, {0, 1, 0, 0, 0, 0}, {0, 0, 0}, 2};
  t.zero = 128;
  c.node(t, {c.in({1, 4, 3, 4, 2}, Layout::plain, DType::u8), c.constant({4, 2, 2, 2, 2}, DType::i8)});
  EXPECT_EQ(check_rows(generic_table(), c.done()), 1);
}

TEST(IntegerGeneric, WeightsBiasScalesAndTablesMayArriveAtRunTime) {
  Builder b;
  const int x = b.in({2, 40}, Layout::plain, DType::u8), w = b.in({9, 40}, Layout::plain, DType::i8);
  int y = b.node(op::GemmInteger{3}, {x, w, b.in({9}, Layout::plain, DType::i32)});
  y = b.node(op::Requantize{}, {y, b.in({9}), b.in({2, 9}, Layout::plain, DType::u8)});
  b.node(op::Lookup{}, {y, b.in({256})});
  EXPECT_EQ(check_rows(generic_table(), b.done()), 1);
}

TEST(IntegerGeneric, ScalesAlongTheLastAxisAndTheFirst) {
  for (int64_t axis : {0, 3}) {
    Builder b;
    b.node(op::Dequantize{9, axis},
           {b.in({5, 3, 4, 300}, Layout::plain, DType::u8), b.constant({axis == 0 ? 5 : 300})});
    EXPECT_EQ(check_rows(generic_table(), b.done()), 1);
  }
}

TEST(IntegerGeneric, WhatIsNoNumberTiesAndInfinitiesAreQuantisedAsTheReferenceDoes) {
  constexpr float kInf = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  const float values[] = {0.25f, 0.75f, 1.25f,  -0.25f, -0.75f, kInf,  -kInf,
                          kNan,  1e30f, -1e30f, 1e-42f, 63.75f, 64.25f};
  for (DType to : {DType::u8, DType::i8}) {
    for (float scale : {0.5f, 1e-40f}) {
      Builder b;
      b.node(op::Quantize{scale, 5, to}, {b.in({13})});
      const Problem problem = b.done();
      for (const Tactic& tactic : generic_table()) {
        if (tactic.supports(problem) != Refusal::none) continue;
        Check specials(problem, tactic, {});
        specials.set_input(0, Tensor::of<float>(DType::f32, {13}, values));
        EXPECT_EQ(specials.run(), "");
      }
    }
  }
}

}  // namespace
}  // namespace stretto::kernels::testing
