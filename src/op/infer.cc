#include <fmt/format.h>

#include <algorithm>

#include "op/infer_rules.h"

namespace stretto::op {
namespace {

/// Moving data and elementwise arithmetic may meet empty integer tensors in shape arithmetic; nothing else may.
bool empty_ok(const Attrs& attrs, DType dtype) {
  bool moves = std::holds_alternative<Concat>(attrs) || std::holds_alternative<Slice>(attrs) ||
               std::holds_alternative<Reshape>(attrs) || std::holds_alternative<Transpose>(attrs) ||
               std::holds_alternative<Expand>(attrs) || std::holds_alternative<Gather>(attrs) ||
               std::holds_alternative<Cast>(attrs) || std::holds_alternative<Reformat>(attrs);
  bool elementwise = std::holds_alternative<Unary>(attrs) || std::holds_alternative<Binary>(attrs);
  if (std::holds_alternative<Map>(attrs)) return is_index(dtype) || dtype == DType::boolean;
  return is_index(dtype) && (moves || elementwise);
}

Status check_type(const Attrs& attrs, const TensorType& type, const std::string& what) {
  if (!is_valid_dtype(static_cast<unsigned>(type.dtype))) {
    return bad_input(fmt::format("{} of {} has an unknown element type", what, name_of(attrs)));
  }
  std::optional<int64_t> count = checked_elements(type.shape);
  if (!count) {
    return bad_input(fmt::format("{} of {} would be {}: more than {} axes or 2^40 elements, or a negative size", what,
                                 name_of(attrs), stretto::to_string(type), kMaxRank));
  }
  for (int64_t d : type.shape) {
    if (d > kMaxSize) {
      return bad_input(
          fmt::format("{} of {} would be {}: no axis may reach 2^31", what, name_of(attrs), stretto::to_string(type)));
    }
  }
  if (*count == 0 && !empty_ok(attrs, type.dtype)) {
    return bad_input(fmt::format("{} of {} would be {}, which is empty; check the input's size", what, name_of(attrs),
                                 stretto::to_string(type)));
  }
  return {};
}

}  // namespace

Status check_dtypes(Types inputs, bool indices) {
  DType first = inputs[0].dtype;
  if (!is_float(first) && !(indices && is_index(first))) {
    return bad_input(fmt::format("element type {} is not supported here; expected f32, f16, bf16 or f64{}",
                                 name_of(first), indices ? ", i32 or i64" : ""));
  }
  for (const TensorType& t : inputs) {
    if (t.dtype != first) {
      return bad_input(fmt::format("inputs have different element types, {} and {}; cast one of them", name_of(first),
                                   name_of(t.dtype)));
    }
  }
  return {};
}

Status check_dtypes_or_bytes(Types inputs, bool indices) {
  const bool bytes = std::all_of(inputs.begin(), inputs.end(),
                                 [&](const TensorType& t) { return is_byte(t.dtype) && t.dtype == inputs[0].dtype; });
  return bytes ? Status() : check_dtypes(inputs, indices);
}

Status check_dims(const char* what, const Dims& d, int count, int64_t least, int64_t most) {
  bool good = d.size() == count;
  for (int64_t v : d) good = good && v >= least && v <= most;
  if (good) return {};
  return bad_input(
      fmt::format("{} is {}; expected {} numbers from {} to {}", what, stretto::to_string(d), count, least, most));
}

Status check_axis(int64_t axis, int rank) {
  if (axis >= 0 && axis < rank) return {};
  return bad_input(fmt::format("axis {} is outside an input of {} axes", axis, rank));
}

Result<TensorType> infer(const Attrs& attrs, std::span<const TensorType> inputs) {
  auto [least, most] = arity(attrs);
  if (static_cast<int64_t>(inputs.size()) < least || static_cast<int64_t>(inputs.size()) > most) {
    return bad_input(least == most ? fmt::format("{} takes {} inputs, not {}", name_of(attrs), least, inputs.size())
                                   : fmt::format("{} takes {} or more inputs ({} at most), not {}", name_of(attrs),
                                                 least, most, inputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    STRETTO_TRY(check_type(attrs, inputs[i], "input " + std::to_string(i)));
  }
  Result<TensorType> output = std::visit([&](const auto& a) { return infer_one(a, inputs); }, attrs);
  if (!output.ok()) return output.status().in(std::string(name_of(attrs)));
  STRETTO_TRY(check_type(attrs, *output, "the output"));
  return output;
}

}  // namespace stretto::op
