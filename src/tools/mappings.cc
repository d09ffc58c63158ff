#include "tools/mappings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "op/integer.h"
#include "quantize/schemes.h"

namespace stretto::tools {
namespace {

/// What the integers of a value are called where the value itself is kept in floating point.
constexpr std::string_view kRounded = "_integer";

}  // namespace

Mappings mappings_of(const std::string& details) {
  Mappings mappings;
  const auto read = nlohmann::json::parse(details, nullptr, false);
  if (!read.is_object() || !read.contains("scales") || !read["scales"].is_object()) return mappings;
  for (const auto& [name, entry] : read["scales"].items()) {
    const bool good = entry.is_array() && entry.size() == 2 && entry[0].is_number() && entry[1].is_number_integer();
    const int64_t zero = good ? entry[1].get<int64_t>() : -1;
    if (zero < 0 || zero > 255 || !quantize::is_scale(entry[0].get<float>())) continue;
    mappings[name] = {entry[0].get<float>(), static_cast<int32_t>(zero)};
  }
  return mappings;
}

std::string model_name(const Mappings& mappings, const std::string& name) {
  if (mappings.contains(name) || !name.ends_with(kRounded)) return name;
  const std::string base = name.substr(0, name.size() - kRounded.size());
  return mappings.contains(base) ? base : name;
}

const Mapping* mapping_for(const Mappings& mappings, const std::string& name) {
  const auto found = mappings.find(model_name(mappings, name));
  return found == mappings.end() ? nullptr : &found->second;
}

Tensor to_reals(Tensor value, const std::string& name, const Mappings& mappings) {
  if (value.dtype() != DType::u8) return value;
  const Mapping& mapping = *mapping_for(mappings, name);
  Tensor reals(TensorType{DType::f32, value.shape()});
  const auto from = value.as<uint8_t>();
  std::transform(from.begin(), from.end(), reals.as_mutable<float>().begin(),
                 [&](uint8_t q) { return op::dequantize(q - mapping.zero, mapping.scale); });
  return reals;
}

Tensor to_integers(const Tensor& reals, const Mapping& mapping) {
  Tensor bytes(TensorType{DType::u8, reals.shape()});
  const auto from = reals.as<float>();
  std::transform(from.begin(), from.end(), bytes.as_mutable<uint8_t>().begin(), [&](float x) {
    return static_cast<uint8_t>(op::quantize(x, mapping.scale, mapping.zero, DType::u8));
  });
  return bytes;
}

}  // namespace stretto::tools
