// Types of operators that only move elements.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "op/broadcast.h"
#include "op/enum_names.h"
#include "op/infer_rules.h"

namespace stretto::op {

Result<TensorType> infer_one(const Concat& a, Types in) {
  Shape out = in[0].shape;
  STRETTO_TRY(check_axis(a.axis, out.size()));
  int axis = static_cast<int>(a.axis);
  out[axis] = 0;
  for (size_t i = 0; i < in.size(); ++i) {
    Shape rest = in[i].shape;
    int64_t size = axis < rest.size() ? rest[axis] : 0;
    if (axis < rest.size()) rest[axis] = out[axis];
    if (!(rest == out) || in[i].dtype != in[0].dtype) {
      return bad_input(fmt::format("input {} is {}, which differs from input 0, {}, in more than axis {}", i,
                                   stretto::to_string(in[i]), stretto::to_string(in[0]), axis));
    }
    out[axis] += size;
    if (out[axis] > kMaxSize) return bad_input("the joined axis reaches 2^31");
  }
  return TensorType{in[0].dtype, out};
}

Result<TensorType> infer_one(const Slice& a, Types in) {
  const Shape& src = in[0].shape;
  STRETTO_TRY(check_dims("starts", a.starts, src.size(), 0));
  STRETTO_TRY(check_dims("steps", a.steps, src.size(), -kMaxSize));
  STRETTO_TRY(check_dims("sizes", a.sizes, src.size(), 0));
  for (int i = 0; i < src.size(); ++i) {
    if (a.steps[i] == 0) return bad_input(fmt::format("step along axis {} is 0", i));
    if (a.sizes[i] == 0) continue;
    int64_t last = a.starts[i] + (a.sizes[i] - 1) * a.steps[i];
    if (a.starts[i] >= src[i] || last < 0 || last >= src[i]) {
      return bad_input(
          fmt::format("elements {} to {} along axis {} leave {}", a.starts[i], last, i, stretto::to_string(in[0])));
    }
  }
  return TensorType{in[0].dtype, a.sizes};
}

Result<TensorType> infer_one(const Reshape& a, Types in) {
  std::optional<int64_t> count = checked_elements(a.shape);
  if (!count || *count != in[0].elements()) {
    return bad_input(fmt::format("{} has {} elements and cannot become {}", stretto::to_string(in[0]), in[0].elements(),
                                 stretto::to_string(a.shape)));
  }
  return TensorType{in[0].dtype, a.shape};
}

Result<TensorType> infer_one(const Transpose& a, Types in) {
  const Shape& src = in[0].shape;
  Shape out;
  unsigned seen = 0;
  for (int64_t axis : a.perm) {
    if (axis < 0 || axis >= src.size() || (seen >> axis & 1u)) break;
    seen |= 1u << axis;
    out.push_back(src[static_cast<int>(axis)]);
  }
  if (a.perm.size() != src.size() || out.size() != src.size()) {
    return bad_input(fmt::format("{} is not a permutation of {} axes", stretto::to_string(a.perm), src.size()));
  }
  return TensorType{in[0].dtype, out};
}

Result<TensorType> infer_one(const Expand& a, Types in) {
  if (!checked_elements(a.shape)) {
    return bad_input(fmt::format("{} is not a shape this tool can hold", stretto::to_string(a.shape)));
  }
  std::optional<Shape> out = broadcast_shapes(in[0].shape, a.shape);
  if (!out || !(*out == a.shape)) {
    return bad_input(
        fmt::format("{} does not broadcast to {}", stretto::to_string(in[0]), stretto::to_string(a.shape)));
  }
  return TensorType{in[0].dtype, a.shape};
}

Result<TensorType> infer_one(const Gather& a, Types in) {
  const Shape &data = in[0].shape, &indices = in[1].shape;
  STRETTO_TRY(check_axis(a.axis, data.size()));
  if (!is_index(in[1].dtype)) {
    return bad_input(fmt::format("indices are {}; expected i32 or i64", name_of(in[1].dtype)));
  }
  if (data.size() - 1 + indices.size() > kMaxRank) return bad_input("the output has too many axes");
  int axis = static_cast<int>(a.axis);
  if (data[axis] == 0) return bad_input("data is empty along the axis that is gathered");
  Shape out;
  for (int i = 0; i < axis; ++i) out.push_back(data[i]);
  for (int64_t d : indices) out.push_back(d);
  for (int i = axis + 1; i < data.size(); ++i) out.push_back(data[i]);
  return TensorType{in[0].dtype, out};
}

Result<TensorType> infer_one(const Pad& a, Types in) {
  const Shape& src = in[0].shape;
  if (!enum_valid(a.mode)) return bad_input("unknown mode of padding");
  if (std::isnan(a.value)) return bad_input("value must be a number");
  STRETTO_TRY(check_dims("pads", a.pads, 2 * src.size(), -kMaxSize));
  Shape out;
  for (int i = 0; i < src.size(); ++i) {
    int64_t begin = a.pads[i], end = a.pads[src.size() + i];
    if (src[i] + std::min<int64_t>(begin, 0) + std::min<int64_t>(end, 0) < 1) {
      return bad_input(fmt::format("pads {} cut away all of axis {}", stretto::to_string(a.pads), i));
    }
    if (a.mode == PadMode::reflect && std::max(begin, end) >= src[i]) {
      return bad_input(fmt::format("reflecting pads {} must be smaller than the input, {} along axis {}",
                                   stretto::to_string(a.pads), src[i], i));
    }
    out.push_back(src[i] + begin + end);
  }
  return TensorType{in[0].dtype, out};
}

}  // namespace stretto::op
