// What a plan's values stand for, by name, as the plan's report says: real = (q − zero) · scale of integers, and where
// channels were equalised, factor[channel] times that, or times the number where it is kept in floating point.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/tensor.h"

namespace stretto::tools {

struct Mapping {
  float scale = 0;             // 0: the value has no integers
  int32_t zero = 0;            // 0 … 255
  std::vector<float> factors;  // > 0, by channel (axis 1); empty: 1
};
using Mappings = std::map<std::string, Mapping>;

/// From a plan's details; none where they do not say, or say what no mapping is.
Mappings mappings_of(const std::string& details);

/// The mapping of a value, or of the integers that a value in floating point was rounded to; null: none is known.
const Mapping* mapping_for(const Mappings& mappings, const std::string& name);
/// Whether to_reals() can tell what a value of this type stands for.
bool is_known(const Mappings& mappings, const std::string& name, const TensorType& type);
/// The model's name of a plan's value: that of the value in floating point which it is rounded from.
std::string model_name(const Mappings& mappings, const std::string& name);

/// The reals that a value stands for. Precondition: is_known().
Tensor to_reals(Tensor value, const std::string& name, const Mappings& mappings);
/// What a plan holds, in `type`, of a value of the model, u8 or f32. Precondition: is_known().
Tensor to_held(const Tensor& reals, const std::string& name, DType type, const Mappings& mappings);

}  // namespace stretto::tools
