// Types of Map, and of operators that pick, order and accumulate.
#include <fmt/format.h>

#include <cmath>

#include "op/broadcast.h"
#include "op/enum_names.h"
#include "op/infer_rules.h"
#include "op/map_function.h"

namespace stretto::op {
namespace {

Status check_same(Types in) {
  for (const TensorType& t : in) {
    if (t.dtype == in[0].dtype) continue;
    return bad_input(fmt::format("inputs have different element types, {} and {}; cast one of them",
                                 stretto::name_of(in[0].dtype), stretto::name_of(t.dtype)));
  }
  return {};
}

Status unfit(DType dtype) {
  return bad_input(fmt::format("element type {} is not supported here", stretto::name_of(dtype)));
}

Status check_map_types(MapKind kind, Types in) {
  const DType type = in[0].dtype;
  if (kind < MapKind::bit_not) return check_dtypes(in, false);
  if (kind == MapKind::select) {
    if (type != DType::boolean) return bad_input(fmt::format("the condition is {}; expected bool", name_of(type)));
    return check_same(in.subspan(1));
  }
  STRETTO_TRY(check_same(in));
  if (kind == MapKind::mod || kind == MapKind::remainder) return type == DType::boolean ? unfit(type) : Status();
  if (kind == MapKind::shift_left || kind == MapKind::shift_right) return is_unsigned(type) ? Status() : unfit(type);
  const bool bits = kind == MapKind::bit_not || kind >= MapKind::bit_and;
  return bits && is_float(type) ? unfit(type) : Status();
}

}  // namespace

Result<TensorType> infer_one(const Map& a, Types in) {
  if (!enum_valid(a.kind)) return bad_input("unknown function");
  STRETTO_TRY(check_map_types(a.kind, in).in(std::string(enum_name(a.kind))));
  if (std::isnan(a.a) || std::isnan(a.b)) return bad_input("a and b must be numbers");
  Shape shape = in[0].shape;
  for (const TensorType& t : in) {
    std::optional<Shape> joined = broadcast_shapes(shape, t.shape);
    if (!joined) {
      return bad_input(fmt::format("{}: {} and {} do not broadcast", enum_name(a.kind), stretto::to_string(shape),
                                   stretto::to_string(t.shape)));
    }
    shape = *joined;
  }
  return TensorType{is_predicate(a.kind) ? DType::boolean : in.back().dtype, shape};
}

Result<TensorType> infer_one(const Cumulate& a, Types in) {
  if (!enum_valid(a.kind)) return bad_input("unknown kind of accumulation");
  STRETTO_TRY(check_dtypes(in, true));
  STRETTO_TRY(check_axis(a.axis, in[0].shape.size()));
  return in[0];
}

Result<TensorType> infer_one(const TopK& a, Types in) {
  STRETTO_TRY(check_axis(a.axis, in[0].shape.size()));
  Shape shape = in[0].shape;
  int64_t& size = shape[static_cast<int>(a.axis)];
  if (a.k < 1 || a.k > size) {
    return bad_input(fmt::format("k is {}; expected 1 to {}, the size of axis {}", a.k, size, a.axis));
  }
  size = a.k;
  return TensorType{DType::i64, shape};
}

Result<TensorType> infer_one(const PoolIndices& a, Types in) {
  if (a.kind != PoolKind::max) return bad_input("only a max pool has indices");
  STRETTO_ASSIGN(TensorType pooled, infer_one(static_cast<const Pool&>(a), in));
  return TensorType{DType::i64, pooled.shape};
}

Result<TensorType> infer_one(const Scatter& a, Types in) {
  if (!enum_valid(a.kind)) return bad_input("unknown kind of scatter");
  const Shape &data = in[0].shape, &indices = in[1].shape, &updates = in[2].shape;
  if (in[0].dtype != in[2].dtype) {
    return bad_input(fmt::format("data are {} and updates {}; cast one of them", stretto::name_of(in[0].dtype),
                                 stretto::name_of(in[2].dtype)));
  }
  if (a.kind != ScatterKind::replace) STRETTO_TRY(check_dtypes(in.subspan(0, 1), true));
  if (!is_index(in[1].dtype)) {
    return bad_input(fmt::format("indices are {}; expected i32 or i64", stretto::name_of(in[1].dtype)));
  }
  Shape rows = data;
  if (!data.empty() && indices.size() == 1) rows[0] = indices[0];
  if (data.empty() || indices.size() != 1 || !(updates == rows)) {
    return bad_input(fmt::format("{}, {} and {} do not fit: expected data[N,*], indices[M], updates[M,*]",
                                 stretto::to_string(data), stretto::to_string(indices), stretto::to_string(updates)));
  }
  return in[0];
}

}  // namespace stretto::op
