// For tests: replaces malloc and its kin in the whole executable and counts the calls. Include it in one source of a
// test executable. Under a sanitizer, which has its own malloc, nothing is replaced and kCountsAllocations is false.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace stretto {

inline std::atomic<int64_t> allocation_count{0};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = true;
#endif

}  // namespace stretto

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__GLIBC__)
extern "C" {
void* __libc_malloc(size_t) noexcept;
void* __libc_calloc(size_t, size_t) noexcept;
void* __libc_realloc(void*, size_t) noexcept;
void* __libc_memalign(size_t, size_t) noexcept;

void* malloc(size_t n) noexcept {
  stretto::allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(n);
}
void* calloc(size_t n, size_t size) noexcept {
  stretto::allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(n, size);
}
void* realloc(void* p, size_t n) noexcept {
  stretto::allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(p, n);
}
void* memalign(size_t alignment, size_t n) noexcept {
  stretto::allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, n);
}
void* aligned_alloc(size_t alignment, size_t n) noexcept {
  return memalign(alignment, n);
}
int posix_memalign(void** p, size_t alignment, size_t n) noexcept {
  *p = memalign(alignment, n);
  return *p == nullptr ? ENOMEM : 0;
}
}
#endif
