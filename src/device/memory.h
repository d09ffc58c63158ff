// Aligned memory for arenas and weights.
#pragma once

#include <cstddef>
#include <span>

namespace stretto {

inline constexpr size_t kAlignment = 64;
constexpr size_t align_up(size_t n, size_t to = kAlignment) {
  return (n + to - 1) / to * to;
}

/// Owned bytes, aligned to a page (to a huge page where large), zero, not backed until touched. Empty when the system
/// has none, and when none were asked for.
class Memory {
 public:
  Memory() = default;
  explicit Memory(size_t bytes);
  ~Memory();
  Memory(Memory&& o) noexcept;
  Memory& operator=(Memory&& o) noexcept;

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// Pushes what the caches hold of these bytes out to memory (x86; elsewhere nothing happens).
void evict(const void* data, size_t bytes);

}  // namespace stretto
