// Placing buffers in one arena: buffers that live at the same time do not overlap.
//
// Largest first, each at the lowest offset that is free while it lives (greedy by size: Pisarchyk and Lee, "Efficient
// Memory Management for Deep Neural Net Inference", 2020).
#pragma once

#include <cstdint>
#include <vector>

namespace stretto {

struct Buffer {
  uint64_t bytes = 0;
  int first = 0, last = 0;  // steps, inclusive
  uint64_t offset = 0;      // result: a multiple of 64
};

/// Sets every offset; returns the bytes of the arena.
uint64_t place_buffers(std::vector<Buffer>& buffers);

}  // namespace stretto
