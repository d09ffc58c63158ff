// 64-bit content hashes (XXH3), for tables and checksums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stretto {

uint64_t hash64(const void* data, size_t bytes, uint64_t seed = 0);
inline uint64_t hash64(std::string_view text) {
  return hash64(text.data(), text.size());
}

}  // namespace stretto
