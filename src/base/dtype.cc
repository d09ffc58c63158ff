#include "base/dtype.h"

#include <array>

namespace stretto {
namespace {
constexpr std::array<std::string_view, 14> kNames = {"?",   "f32", "f16", "bf16", "f64", "i8",  "u8",
                                                     "i16", "u16", "i32", "u32",  "i64", "u64", "bool"};
}

std::string_view name_of(DType t) {
  auto i = static_cast<size_t>(t);
  return i < kNames.size() ? kNames[i] : kNames[0];
}

std::optional<DType> dtype_from_name(std::string_view name) {
  for (size_t i = 1; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

}  // namespace stretto
