#include "runtime/ahead.h"

#include <gtest/gtest.h>

namespace stretto {
namespace {

constexpr int64_t kCache = 48 << 20;
constexpr double kMuch = 1e9;

TEST(Ahead, AStepFetchesWhatFollowsAsFarAsItsWorkCovers) {
  const std::vector<StepWeights> steps = {
      {0, 64, kMuch, true}, {64, 1 << 20, 3500, true}, {64 + (1 << 20), 4096, 0, true}};
  const std::vector<Fetch> fetches = schedule_fetches(steps, kCache);
  EXPECT_EQ(fetches[0].offset, 64u);
  EXPECT_EQ(fetches[0].bytes, (1u << 20) + 4096u);
  EXPECT_EQ(fetches[1].bytes, 0u);  // there is nothing left
  const std::vector<Fetch> little = schedule_fetches(std::span(steps).subspan(1), kCache);
  EXPECT_EQ(little[0].offset, 64u + (1 << 20));
  EXPECT_EQ(little[0].bytes, 128u);  // two lines for 3,500 operations
}

TEST(Ahead, NothingIsFetchedFurtherThanTheCacheKeeps) {
  const std::vector<StepWeights> steps = {{0, 0, 1e12, true}, {0, 64 << 20, 1e12, true}, {64 << 20, 64 << 20, 0, true}};
  const std::vector<Fetch> fetches = schedule_fetches(steps, kCache);
  EXPECT_EQ(fetches[0].bytes, static_cast<uint64_t>(kCache) / 3);
  EXPECT_EQ(fetches[1].offset, uint64_t{64} << 20);
}

TEST(Ahead, StepsThatCannotFetchAreLeftOutAndWeightsElsewhereEndARange) {
  const std::vector<StepWeights> steps = {
      {0, 64, kMuch, false}, {64, 64, kMuch, true}, {4096, 64, kMuch, true}, {128, 64, 0, false}};
  const std::vector<Fetch> fetches = schedule_fetches(steps, kCache);
  EXPECT_EQ(fetches[0].bytes, 0u);
  EXPECT_EQ(fetches[1].offset, 4096u);
  EXPECT_EQ(fetches[1].bytes, 64u);
  EXPECT_EQ(fetches[2].offset, 128u);
  EXPECT_EQ(fetches[2].bytes, 64u);
}

}  // namespace
}  // namespace stretto
