#include "cli/parse.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace stretto::cli {
namespace {

/// "1x3x224x224": sizes of at least 1.
std::optional<std::vector<int64_t>> parse_sizes(std::string_view text) {
  std::vector<int64_t> sizes;
  while (true) {
    const size_t x = text.find('x');
    const std::string_view part = text.substr(0, x);
    int64_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size() || value < 1 || sizes.size() >= 8) return std::nullopt;
    sizes.push_back(value);
    if (x == std::string_view::npos) return sizes;
    text.remove_prefix(x + 1);
  }
}

constexpr std::pair<const char*, Precision> kPrecisions[] = {{"fp32", Precision::fp32},
                                                             {"tf32", Precision::tf32},
                                                             {"bf16", Precision::bf16},
                                                             {"fp16", Precision::fp16},
                                                             {"int8", Precision::int8}};

}  // namespace

ShapeSet parse_shapes(const std::string& text) {
  ShapeSet set;
  const auto wrong = [&] {
    return Error(
        ErrorKind::bad_usage,
        fmt::format("--shape '{}': takes NAME:DIMS with sizes of at least 1, as in x:1x3x224x224 or a:1x3,b:1x4",
                    text));
  };
  size_t begin = 0, end = 0;
  while (end != std::string::npos) {
    end = text.find(',', end == 0 ? 0 : end);
    const std::string piece = text.substr(begin, end == std::string::npos ? end : end - begin);
    const size_t colon = piece.rfind(':');
    const auto sizes =
        colon == std::string::npos ? std::nullopt : parse_sizes(std::string_view(piece).substr(colon + 1));
    if (sizes && colon > 0) {
      set.emplace_back(piece.substr(0, colon), *sizes);
      begin = end == std::string::npos ? text.size() : end + 1;
    } else if (end == std::string::npos) {
      throw wrong();
    }
    if (end != std::string::npos) ++end;
  }
  return set;
}

Precision parse_precision(const std::string& text) {
  for (const auto& [name, precision] : kPrecisions) {
    if (text == name) return precision;
  }
  throw Error(ErrorKind::bad_usage,
              fmt::format("precision '{}' is not known; give fp32, tf32, bf16, fp16 or int8", text));
}

std::string precision_text(Precision precision) {
  for (const auto& [name, value] : kPrecisions) {
    if (precision == value) return name;
  }
  return "?";
}

}  // namespace stretto::cli
