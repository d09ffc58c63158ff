// The fixed bytes of a plan file, shared by the writer and the reader. FORMAT.md is the document.
#pragma once

#include <cstdint>

namespace stretto::plan {

inline constexpr char kMagic[8] = {'S', 'T', 'R', 'E', 'T', 'T', 'O', '\0'};
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr uint64_t kWeightsAlignment = 4096;
inline constexpr uint64_t kTimesAlignment = 64;
/// The most that a description or times may take: far above any network's, far below what would hurt.
inline constexpr uint64_t kMaxMetaBytes = uint64_t{64} << 20;
inline constexpr uint64_t kMaxWeightsBytes = uint64_t{1} << 40;

/// The first bytes of the file, little-endian.
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t required_isa;
  uint64_t meta_bytes;
  uint64_t weights_bytes;
  uint64_t weights_offset;
  uint64_t meta_checksum;
  uint64_t weights_checksum;
  uint64_t header_checksum;  // of the bytes before it
};
static_assert(sizeof(Header) == 64);

/// What the segment of times begins with.
struct TimesHeader {
  uint64_t bytes;
  uint64_t checksum;
};
static_assert(sizeof(TimesHeader) == 16);

constexpr uint64_t round_up(uint64_t n, uint64_t to) {
  return (n + to - 1) / to * to;
}

}  // namespace stretto::plan
