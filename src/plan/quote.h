// Names out of files in messages: one line, no control characters, not too long.
#pragma once

#include <string>
#include <string_view>

namespace stretto::plan {

inline std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return line;
}

inline std::string quote(std::string_view name) {
  constexpr size_t kMost = 120;
  return "'" + one_line(name.substr(0, kMost)) + (name.size() > kMost ? "…'" : "'");
}

}  // namespace stretto::plan
