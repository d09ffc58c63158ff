#include "base/dims.h"

#include <charconv>

#include "base/status.h"

namespace stretto {

void Dims::push_back(int64_t v) {
  STRETTO_CHECK(size_ < kCapacity);
  values_[static_cast<size_t>(size_++)] = v;
}

std::string to_string(const Dims& d) {
  if (d.empty()) return "-";
  std::string s;
  for (int64_t v : d) {
    if (!s.empty()) s += 'x';
    s += std::to_string(v);
  }
  return s;
}

std::optional<Dims> dims_from_string(std::string_view text) {
  Dims d;
  if (text == "-") return d;
  while (true) {
    int64_t v = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
    if (error != std::errc() || d.size() == Dims::kCapacity) return std::nullopt;
    d.push_back(v);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty()) return d;
    if (text.front() != 'x') return std::nullopt;
    text.remove_prefix(1);
  }
}

}  // namespace stretto
