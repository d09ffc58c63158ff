// The persisted names of the enums in attrs.h, in the order of their values. Never rename; append only.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "op/attrs.h"

namespace stretto::op {

template <class E>
inline constexpr std::array<std::string_view, 0> kEnumNames{};
template <>
inline constexpr std::array<std::string_view, 14> kEnumNames<UnaryKind>{
    "relu", "leaky_relu", "clip", "sigmoid", "hard_sigmoid", "hard_swish", "swish",
    "tanh", "exp",        "sqrt", "neg",     "abs",          "reciprocal", "linear"};
template <>
inline constexpr std::array<std::string_view, 8> kEnumNames<BinaryKind>{"add", "sub", "mul", "div",
                                                                        "pow", "min", "max", "prelu"};
template <>
inline constexpr std::array<std::string_view, 2> kEnumNames<PoolKind>{"max", "average"};
template <>
inline constexpr std::array<std::string_view, 4> kEnumNames<ReduceKind>{"mean", "max", "min", "sum"};
template <>
inline constexpr std::array<std::string_view, 3> kEnumNames<PadMode>{"constant", "reflect", "edge"};
template <>
inline constexpr std::array<std::string_view, 3> kEnumNames<ResizeMode>{"nearest", "linear", "cubic"};
template <>
inline constexpr std::array<std::string_view, 4> kEnumNames<ResizeCoordinate>{"half_pixel", "pytorch_half_pixel",
                                                                              "align_corners", "asymmetric"};
template <>
inline constexpr std::array<std::string_view, 4> kEnumNames<ResizeRounding>{"round_prefer_floor", "round_prefer_ceil",
                                                                            "floor", "ceil"};
template <>
inline constexpr std::array<std::string_view, 36> kEnumNames<MapKind>{
    "log",           "erf",   "sin",       "cos",       "tan",    "asin",    "acos",       "atan",        "sinh",
    "cosh",          "asinh", "acosh",     "atanh",     "floor",  "ceil",    "round",      "sign",        "elu",
    "softplus",      "mish",  "gelu",      "gelu_tanh", "is_nan", "is_inf",  "bit_not",    "equal",       "less",
    "less_or_equal", "mod",   "remainder", "bit_and",   "bit_or", "bit_xor", "shift_left", "shift_right", "select"};
template <>
inline constexpr std::array<std::string_view, 2> kEnumNames<CumulateKind>{"sum", "product"};
template <>
inline constexpr std::array<std::string_view, 5> kEnumNames<ScatterKind>{"replace", "add", "mul", "min", "max"};
template <>
inline constexpr std::array<std::string_view, 3> kEnumNames<GridMode>{"nearest", "linear", "cubic"};
template <>
inline constexpr std::array<std::string_view, 3> kEnumNames<GridPadding>{"zeros", "border", "reflection"};

/// "?" for a value outside the enum.
template <class E>
constexpr std::string_view enum_name(E value) {
  auto i = static_cast<size_t>(value);
  return i < kEnumNames<E>.size() ? kEnumNames<E>[i] : "?";
}

template <class E>
constexpr bool enum_valid(E value) {
  return static_cast<size_t>(value) < kEnumNames<E>.size();
}

template <class E>
constexpr std::optional<E> enum_from_name(std::string_view name) {
  for (size_t i = 0; i < kEnumNames<E>.size(); ++i) {
    if (kEnumNames<E>[i] == name) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace stretto::op
