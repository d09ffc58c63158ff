#include "device/memory.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
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

#if defined(__x86_64__)
namespace {

constexpr size_t kLine = 64;

[[gnu::target("clflushopt")]] void flush_in_any_order(const char* data, size_t bytes) {
  for (size_t i = 0; i < bytes; i += kLine) _mm_clflushopt(const_cast<char*>(data + i));
}

void flush_in_order(const char* data, size_t bytes) {
  for (size_t i = 0; i < bytes; i += kLine) _mm_clflush(data + i);
}

/// Flushes that need not wait for each other: CPUID 7, EBX bit 23.
bool flushes_in_any_order() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & (1u << 23)) != 0;
}

}  // namespace

void evict(const void* data, size_t bytes) {
  static const auto flush = flushes_in_any_order() ? flush_in_any_order : flush_in_order;
  flush(static_cast<const char*>(data), bytes);
  _mm_mfence();
}
#else
void evict(const void*, size_t) {}
#endif

}  // namespace stretto
