#include "builder/arena.h"

#include <gtest/gtest.h>

#include <random>

namespace stretto {
namespace {

TEST(Arena, BuffersThatLiveTogetherNeverOverlap) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<Buffer> buffers(1 + random() % 40);
    for (Buffer& b : buffers) {
      b.bytes = random() % 5000;
      b.first = static_cast<int>(random() % 30);
      b.last = b.first + static_cast<int>(random() % 8);
    }
    uint64_t total = place_buffers(buffers);
    for (size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(buffers[i].offset % 64, 0u);
      EXPECT_LE(buffers[i].offset + buffers[i].bytes, total);
      for (size_t j = 0; j < i; ++j) {
        const Buffer &a = buffers[i], &b = buffers[j];
        bool together = a.first <= b.last && b.first <= a.last;
        bool overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
        EXPECT_FALSE(together && overlap && a.bytes > 0 && b.bytes > 0);
      }
    }
  }
}

TEST(Arena, AChainNeedsItsTwoLargestNeighbours) {
  std::vector<Buffer> buffers = {{640, 0, 1}, {1280, 1, 2}, {640, 2, 3}, {64, 3, 4}};
  EXPECT_EQ(place_buffers(buffers), 640u + 1280u);
}

}  // namespace
}  // namespace stretto
