#include "device/memory.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include <sys/mman.h>

#include <cstdint>
#include <utility>

namespace stretto {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kHugePage = size_t{2} << 20;

/// Bytes mapped for `bytes`; 0 when the sum would overflow.
size_t mapped_bytes(size_t bytes) {
  if (bytes > SIZE_MAX / 2) return 0;
  return align_up(bytes, bytes >= kHugePage ? kHugePage : kPage);
}

/// A mapping of `bytes` (a multiple of a huge page) that begins at a multiple of a huge page.
void* map_huge(size_t bytes) {
  void* whole = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (whole == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<uintptr_t>(whole);
  const uintptr_t aligned = align_up(begin, kHugePage);
  if (aligned > begin) munmap(whole, aligned - begin);
  const size_t behind = begin + kHugePage - aligned;
  if (behind > 0) munmap(reinterpret_cast<void*>(aligned + bytes), behind);
  auto* data = reinterpret_cast<void*>(aligned);
  madvise(data, bytes, MADV_HUGEPAGE);
  return data;
}

}  // namespace

Memory::Memory(size_t bytes) {
  const size_t mapped = mapped_bytes(bytes);
  if (mapped == 0) return;
  void* data = nullptr;
  if (mapped >= kHugePage) {
    data = map_huge(mapped);
  } else {
    data = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) data = nullptr;
  }
  if (data == nullptr) return;
  data_ = static_cast<std::byte*>(data);
  size_ = bytes;
}

Memory::~Memory() {
  if (data_ != nullptr) munmap(data_, mapped_bytes(size_));
}

Memory::Memory(Memory&& o) noexcept : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}

Memory& Memory::operator=(Memory&& o) noexcept {
  std::swap(data_, o.data_);
  std::swap(size_, o.size_);
  return *this;
}

void evict(const void* data, size_t bytes) {
#if defined(__x86_64__)
  constexpr size_t kLine = 64;
  const char* at = static_cast<const char*>(data);
  for (size_t i = 0; i < bytes; i += kLine) _mm_clflush(at + i);
  _mm_mfence();
#else
  (void)data;
  (void)bytes;
#endif
}

}  // namespace stretto
