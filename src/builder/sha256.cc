#include "builder/sha256.h"

#include <nettle/sha2.h>

#include <array>
#include <fstream>
#include <vector>

namespace stretto {

Result<std::string> sha256_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return bad_input("'" + path + "' cannot be read");
  sha256_ctx context;
  sha256_init(&context);
  std::vector<char> buffer(size_t{1} << 20);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
    sha256_update(&context, static_cast<size_t>(in.gcount()), reinterpret_cast<const uint8_t*>(buffer.data()));
  }
  std::array<uint8_t, SHA256_DIGEST_SIZE> digest;
  sha256_digest(&context, digest.size(), digest.data());
  std::string hex;
  for (uint8_t byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

}  // namespace stretto
