// Text for people: units, tables.
#pragma once

#include <stretto/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace stretto::cli {

/// "602112 bytes" below 10 KiB, then "588.0 KiB", "97.5 MiB", …
std::string bytes_text(size_t bytes);
/// "0.41 ms", "12.3 ms", "1.84 s", "2 min 5 s".
std::string time_text(double ms);
/// "float32", "int64", …
std::string type_text(ElementType type);
/// "1x3x224x224"; "scalar" for an empty one; symbolic (negative) sizes are "?".
std::string shape_text(const std::vector<int64_t>& shape);
/// "300 dB" of equal tensors is "exact".
std::string decibel_text(double db);
/// Tabs, line breaks and other control characters become spaces: names come from files.
std::string one_line(std::string text);

/// Columns aligned by the longest cell; the first row is the heading.
class Table {
 public:
  enum class Align { left, right };
  Table(std::vector<std::string> heading, std::vector<Align> align);
  void add(std::vector<std::string> row);
  /// Cells longer than `widest` characters are cut in the middle.
  std::string text(size_t widest = 48, const std::string& indent = "  ") const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<Align> align_;
};

}  // namespace stretto::cli
