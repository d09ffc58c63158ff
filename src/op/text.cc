// The text form of attributes, written and read from fields() alone: a new operator needs no line here.
#include <fmt/format.h>

#include <charconv>
#include <type_traits>

#include "op/enum_names.h"
#include "op/op.h"

namespace stretto::op {
namespace {

void append(std::string& text, const Dims& value) {
  text += stretto::to_string(value);
}
void append(std::string& text, int64_t value) {
  text += std::to_string(value);
}
void append(std::string& text, bool value) {
  text += value ? '1' : '0';
}
void append(std::string& text, DType value) {
  text += stretto::name_of(value);
}
void append(std::string& text, float value) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  text.append(buffer, end);
}
template <class E>
requires std::is_enum_v<E>
void append(std::string& text, E value) {
  text += enum_name(value);
}

template <class T>
bool read_number(std::string_view text, T& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}
bool read(std::string_view text, int64_t& value) {
  return read_number(text, value);
}
bool read(std::string_view text, float& value) {
  return read_number(text, value);
}
bool read(std::string_view text, bool& value) {
  value = text == "1";
  return text == "1" || text == "0";
}
template <class T>
bool assign(const std::optional<T>& from, T& to) {
  if (from) to = *from;
  return from.has_value();
}
bool read(std::string_view text, Dims& value) {
  return assign(dims_from_string(text), value);
}
bool read(std::string_view text, DType& value) {
  return assign(dtype_from_name(text), value);
}
template <class E>
requires std::is_enum_v<E>
bool read(std::string_view text, E& value) {
  return assign(enum_from_name<E>(text), value);
}

/// "key=value" off the front of `rest`, with the comma that follows.
template <class T>
bool take_field(std::string_view& rest, std::string_view key, T& value) {
  if (!rest.starts_with(key) || rest.size() <= key.size() || rest[key.size()] != '=') return false;
  rest.remove_prefix(key.size() + 1);
  size_t comma = rest.find(',');
  if (!read(rest.substr(0, comma), value)) return false;
  rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  return true;
}

Status malformed(std::string_view text) {
  return bad_input(
      fmt::format("'{}' is not an operator's text; expected name(attribute=value,…) with every attribute "
                  "in order",
                  text.substr(0, 120)));
}

template <class T>
Result<Attrs> read_attrs(std::string_view whole, std::string_view fields) {
  T attrs;
  constexpr size_t kCount = std::tuple_size_v<decltype(T::fields())>;
  if (kCount == 0 ? !fields.empty() : (fields.empty() || fields.back() == ',')) return malformed(whole);
  std::string_view rest = fields;
  bool good = std::apply(
      [&](const auto&... field) { return (take_field(rest, field.first, attrs.*field.second) && ...); }, T::fields());
  if (!good || !rest.empty()) return malformed(whole);
  return Attrs(attrs);
}

template <class T>
void append_fields(std::string& text, const T& attrs) {
  bool first = true;
  auto write = [&](const auto& field) {
    if (!first) text += ',';
    first = false;
    text += field.first;
    text += '=';
    append(text, attrs.*field.second);
  };
  std::apply([&](const auto&... field) { (write(field), ...); }, T::fields());
}

}  // namespace

std::string to_string(const Attrs& attrs) {
  std::string text(name_of(attrs));
  text += '(';
  std::visit([&](const auto& a) { append_fields(text, a); }, attrs);
  text += ')';
  return text;
}

Result<Attrs> attrs_from_string(std::string_view text) {
  size_t open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')') return malformed(text);
  std::string_view name = text.substr(0, open), fields = text.substr(open + 1, text.size() - open - 2);
#define STRETTO_OP(op_name, type) \
  if (name == #op_name) return read_attrs<type>(text, fields);
#include "op/ops.def"
#undef STRETTO_OP
  return bad_input(
      fmt::format("'{}' is not an operator this version knows; rebuild the file that names it", name.substr(0, 60)));
}

}  // namespace stretto::op
