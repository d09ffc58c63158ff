#include "cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stretto::cli {
namespace {

/// Characters of UTF-8, not bytes.
size_t length(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// The byte where character number `n` begins.
size_t byte_of(const std::string& text, size_t n) {
  size_t at = 0;
  while (at < text.size() && (n > 0 || (text[at] & 0xc0) == 0x80)) {
    if ((text[at] & 0xc0) != 0x80) --n;
    ++at;
  }
  return at;
}

std::string shortened(const std::string& text, size_t widest) {
  const size_t size = length(text);
  if (size <= widest) return text;
  const size_t head = (widest - 1) / 2, tail = widest - 1 - head;
  return text.substr(0, byte_of(text, head)) + "…" + text.substr(byte_of(text, size - tail));
}

}  // namespace

std::string bytes_text(size_t bytes) {
  const char* units[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 10240) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; value >= 1000 && unit < 3; ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string time_text(double ms) {
  if (ms < 10) return fmt::format("{:.3f} ms", ms);
  if (ms < 1000) return fmt::format("{:.1f} ms", ms);
  if (ms < 120e3) return fmt::format("{:.1f} s", ms / 1e3);
  const auto seconds = static_cast<long>(std::lround(ms / 1e3));
  return fmt::format("{} min {} s", seconds / 60, seconds % 60);
}

std::string type_text(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return "float32";
    case ElementType::f16:
      return "float16";
    case ElementType::bf16:
      return "bfloat16";
    case ElementType::f64:
      return "float64";
    case ElementType::i8:
      return "int8";
    case ElementType::u8:
      return "uint8";
    case ElementType::i16:
      return "int16";
    case ElementType::u16:
      return "uint16";
    case ElementType::i32:
      return "int32";
    case ElementType::u32:
      return "uint32";
    case ElementType::i64:
      return "int64";
    case ElementType::u64:
      return "uint64";
    case ElementType::boolean:
      return "bool";
  }
  return "?";
}

std::string shape_text(const std::vector<int64_t>& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (int64_t d : shape) text += (text.empty() ? "" : "x") + (d < 0 ? "?" : std::to_string(d));
  return text;
}

std::string decibel_text(double db) {
  return db >= 300 ? "exact" : fmt::format("{:.1f}", db);
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

Table::Table(std::vector<std::string> heading, std::vector<Align> align) : align_(std::move(align)) {
  rows_.push_back(std::move(heading));
}

void Table::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = one_line(std::move(cell));
  rows_.push_back(std::move(row));
}

std::string Table::text(size_t widest, const std::string& indent) const {
  std::vector<size_t> widths(align_.size(), 0);
  for (const auto& row : rows_) {
    for (size_t c = 0; c < row.size() && c < widths.size(); ++c) {
      widths[c] = std::max(widths[c], std::min(widest, length(row[c])));
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line = indent;
    for (size_t c = 0; c < row.size() && c < widths.size(); ++c) {
      const std::string cell = shortened(row[c], widest);
      const std::string space(widths[c] - std::min(widths[c], length(cell)), ' ');
      line += (c > 0 ? "  " : "") + (align_[c] == Align::left ? cell + space : space + cell);
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return out;
}

}  // namespace stretto::cli
