#include "builder/arena.h"

#include <algorithm>
#include <numeric>

#include "device/memory.h"

namespace stretto {

uint64_t place_buffers(std::vector<Buffer>& buffers) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return buffers[a].bytes > buffers[b].bytes; });
  std::vector<size_t> placed;  // by offset
  uint64_t total = 0;
  for (size_t i : order) {
    Buffer& buffer = buffers[i];
    if (buffer.bytes == 0) continue;
    uint64_t size = align_up(buffer.bytes), at = 0;
    for (size_t j : placed) {
      const Buffer& other = buffers[j];
      if (other.last < buffer.first || other.first > buffer.last) continue;
      if (at + size <= other.offset) break;
      at = std::max(at, other.offset + align_up(other.bytes));
    }
    buffer.offset = at;
    total = std::max(total, at + size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i,
                                   [&](size_t a, size_t b) { return buffers[a].offset < buffers[b].offset; }),
                  i);
  }
  return total;
}

}  // namespace stretto
