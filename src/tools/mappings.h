// What the integers of a plan's values stand for: real = (q − zero) · scale, by name, as the plan's report says.
#pragma once

#include <map>
#include <string>

#include "base/tensor.h"

namespace stretto::tools {

struct Mapping {
  float scale = 1;
  int32_t zero = 0;  // 0 … 255
};
using Mappings = std::map<std::string, Mapping>;

/// From a plan's details; none where they do not say, or say what no mapping is.
Mappings mappings_of(const std::string& details);

/// The mapping of a value, or of the integers that a value in floating point was rounded to; null: not known.
const Mapping* mapping_for(const Mappings& mappings, const std::string& name);
/// The model's name of a plan's value: that of the value in floating point which it is rounded from.
std::string model_name(const Mappings& mappings, const std::string& name);

/// The reals that a u8 value stands for; of another type itself. Precondition: its mapping is known.
Tensor to_reals(Tensor value, const std::string& name, const Mappings& mappings);
/// f32 as u8.
Tensor to_integers(const Tensor& reals, const Mapping& mapping);

}  // namespace stretto::tools
