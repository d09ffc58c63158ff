#include "base/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

namespace stretto {
namespace {

TEST(Half, EveryF16ReadsBackAsItself) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    double value = f16_to_double(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(f16_to_double(f16_from_double(value))));
    } else {
      ASSERT_EQ(f16_from_double(value), bits);
    }
  }
}

TEST(Half, EveryBf16ReadsBackAsItself) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    double value = bf16_to_double(static_cast<uint16_t>(bits));
    ASSERT_TRUE(std::isnan(value) || bf16_from_double(value) == bits) << bits;
  }
}

TEST(Half, TiesGoToEvenAndRoundingHappensOnce) {
  EXPECT_EQ(f16_from_double(2049), f16_from_double(2048));
  EXPECT_EQ(f16_from_double(2051), f16_from_double(2052));
  // Through float this would first become the tie 1 + 2^-11 and then fall to 1.
  EXPECT_EQ(f16_from_double(1 + 0x1p-11 + 0x1p-40), f16_from_double(1 + 0x1p-10));
  EXPECT_EQ(bf16_from_double(1 + 0x1p-8 + 0x1p-40), bf16_from_double(1 + 0x1p-7));
}

TEST(Half, TheEndsOfTheRange) {
  EXPECT_EQ(f16_from_double(65504), 0x7bff);
  EXPECT_EQ(f16_from_double(65519.9), 0x7bff);
  EXPECT_EQ(f16_from_double(65520), 0x7c00);
  EXPECT_EQ(f16_from_double(0x1p-25), 0);
  EXPECT_EQ(f16_from_double(0x1.8p-25), 1);
  EXPECT_EQ(f16_from_double(-0.0), 0x8000);
  EXPECT_EQ(bf16_from_double(INFINITY), 0x7f80);
  EXPECT_EQ(bf16_from_double(1e300), 0x7f80);
}

TEST(Half, FromFloatIsFromDouble) {
  // Every value of f16, its neighbours in f32 and the ties between it and the next.
  for (uint32_t half = 0; half < 65536; ++half) {
    const auto value = static_cast<float>(f16_to_double(static_cast<uint16_t>(half)));
    if (std::isnan(value)) continue;
    const auto bits = std::bit_cast<uint32_t>(value);
    for (uint32_t near : {bits, bits + 1, bits - 1, bits + 0xfff, bits + 0x1000, bits + 0x1001}) {
      const auto x = std::bit_cast<float>(near);
      if (std::isnan(x)) continue;
      ASSERT_EQ(f16_from_float(x), f16_from_double(x)) << x;
    }
  }
  EXPECT_EQ(f16_from_float(NAN), f16_from_double(NAN));
  EXPECT_EQ(f16_from_float(1e30f), 0x7c00);
}

}  // namespace
}  // namespace stretto
