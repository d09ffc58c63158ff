#include "base/half.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace stretto
