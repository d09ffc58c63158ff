#include "tools/mappings.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "op/integer.h"
#include "quantize/schemes.h"

namespace stretto::tools {
namespace {

/// What the integers of a value are called where the value itself is kept in floating point.
constexpr std::string_view kRounded = "_integer";

/// List number `entry`; empty where it is none of positive numbers.
std::vector<float> factors_of(const nlohmann::json& lists, const nlohmann::json& entry) {
  std::vector<float> factors;
  if (!lists.is_array() || !entry.is_number_unsigned() || entry.get<uint64_t>() >= lists.size()) return factors;
  const nlohmann::json& list = lists[entry.get<uint64_t>()];
  if (!list.is_array()) return factors;
  for (const nlohmann::json& number : list) {
    const float f = number.is_number() ? number.get<float>() : 0;
    if (!(f > 0) || !std::isfinite(f)) return {};
    factors.push_back(f);
  }
  return factors;
}

/// Every number times, or over, the factor of its channel.
void scale_channels(Tensor& reals, const std::vector<float>& factors, bool divide) {
  const Shape& shape = reals.shape();
  const int64_t channels = shape[1], inner = elements(shape) / (shape[0] * channels);
  const auto values = reals.as_mutable<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    const float f = factors[i / static_cast<size_t>(inner) % static_cast<size_t>(channels)];
    values[i] = divide ? values[i] / f : values[i] * f;
  }
}

}  // namespace

Mappings mappings_of(const std::string& details) {
  Mappings mappings;
  const auto read = nlohmann::json::parse(details, nullptr, false);
  if (!read.is_object() || !read.contains("scales") || !read["scales"].is_object()) return mappings;
  for (const auto& [name, entry] : read["scales"].items()) {
    const bool good = entry.is_array() && entry.size() == 2 && entry[0].is_number() && entry[1].is_number_integer();
    const int64_t zero = good ? entry[1].get<int64_t>() : -1;
    if (zero < 0 || zero > 255 || !quantize::is_scale(entry[0].get<float>())) continue;
    mappings[name] = {entry[0].get<float>(), static_cast<int32_t>(zero), {}};
  }
  if (!read.contains("factors") || !read["factors"].is_object() || !read.contains("factor_lists")) return mappings;
  for (const auto& [name, entry] : read["factors"].items()) {
    mappings[name].factors = factors_of(read["factor_lists"], entry);
    if (mappings[name].factors.empty()) mappings[name] = {0, 0, {0}};  // unreadable: it stands for nothing known
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

bool is_known(const Mappings& mappings, const std::string& name, const TensorType& type) {
  const Mapping* mapping = mapping_for(mappings, name);
  if (mapping == nullptr) return type.dtype == DType::f32;
  const bool fits = mapping->factors.empty() ||
                    (type.shape.size() >= 2 && elements(type.shape) > 0 &&
                     type.shape[1] == static_cast<int64_t>(mapping->factors.size()) && mapping->factors[0] > 0);
  return fits && (type.dtype == DType::f32 || (type.dtype == DType::u8 && mapping->scale > 0));
}

Tensor to_reals(Tensor value, const std::string& name, const Mappings& mappings) {
  const Mapping* mapping = mapping_for(mappings, name);
  if (mapping == nullptr) return value;
  Tensor reals(TensorType{DType::f32, value.shape()});
  const auto to = reals.as_mutable<float>();
  if (value.dtype() == DType::u8) {
    const auto from = value.as<uint8_t>();
    std::transform(from.begin(), from.end(), to.begin(),
                   [&](uint8_t q) { return op::dequantize(q - mapping->zero, mapping->scale); });
  } else {
    std::copy_n(value.as<float>().begin(), to.size(), to.begin());
  }
  if (!mapping->factors.empty()) scale_channels(reals, mapping->factors, false);
  return reals;
}

Tensor to_held(const Tensor& reals, const std::string& name, DType type, const Mappings& mappings) {
  const Mapping* mapping = mapping_for(mappings, name);
  Tensor held(reals.type());
  std::copy_n(reals.as<float>().begin(), reals.elements(), held.as_mutable<float>().begin());
  if (mapping != nullptr && !mapping->factors.empty()) scale_channels(held, mapping->factors, true);
  if (type != DType::u8) return held;
  Tensor bytes(TensorType{DType::u8, reals.shape()});
  const auto from = held.as<float>();
  std::transform(from.begin(), from.end(), bytes.as_mutable<uint8_t>().begin(), [&](float x) {
    return static_cast<uint8_t>(op::quantize(x, mapping->scale, mapping->zero, DType::u8));
  });
  return bytes;
}

}  // namespace stretto::tools
