#include "base/cpu_info.h"

#include <gtest/gtest.h>

namespace stretto {
namespace {

constexpr Isa kAll[] = {Isa::scalar,      Isa::avx2, Isa::avx_vnni, Isa::avx512, Isa::avx512_vnni,
                        Isa::avx512_fp16, Isa::neon, Isa::dotprod,  Isa::i8mm};

TEST(CpuInfo, NamesReadBack) {
  for (Isa isa : kAll) EXPECT_EQ(isa_from_name(name_of(isa)), isa);
  EXPECT_EQ(isa_from_name("avx1024"), std::nullopt);
  EXPECT_EQ(isa_from_name(""), std::nullopt);
}

TEST(CpuInfo, ContainsIsReflexiveTransitiveAndHasScalarEverywhere) {
  for (Isa a : kAll) {
    EXPECT_TRUE(contains(a, a));
    EXPECT_TRUE(contains(a, Isa::scalar));
    for (Isa b : kAll) {
      for (Isa c : kAll) {
        if (contains(a, b) && contains(b, c)) {
          EXPECT_TRUE(contains(a, c)) << name_of(a) << name_of(b) << name_of(c);
        }
      }
    }
  }
}

TEST(CpuInfo, ContainsKnowsTheBranches) {
  EXPECT_TRUE(contains(Isa::avx512_fp16, Isa::avx512_vnni));
  EXPECT_TRUE(contains(Isa::avx_vnni, Isa::avx2));
  EXPECT_FALSE(contains(Isa::avx512_vnni, Isa::avx_vnni));
  EXPECT_FALSE(contains(Isa::avx2, Isa::avx512));
  EXPECT_FALSE(contains(Isa::avx512_fp16, Isa::neon));
  EXPECT_TRUE(contains(Isa::i8mm, Isa::dotprod));
  EXPECT_FALSE(contains(static_cast<Isa>(99), Isa::scalar));
}

TEST(CpuInfo, TheBestIsaAndAllItContainsRun) {
  EXPECT_TRUE(cpu_has(Isa::scalar));
  for (Isa isa : kAll) {
    EXPECT_TRUE(!contains(best_isa(), isa) || cpu_has(isa)) << name_of(isa);
  }
}

TEST(CpuInfo, SaysSomethingSensible) {
  EXPECT_GE(usable_cpus(), 1);
  EXPECT_FALSE(cpu_model().empty());
  EXPECT_GE(cache_bytes(1), 0);
  EXPECT_GE(cache_bytes(2), 0);
  EXPECT_EQ(cache_bytes(7), 0);
}

}  // namespace
}  // namespace stretto
