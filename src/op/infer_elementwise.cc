// Types of operators whose output has the shape of an input, and of broadcasting ones.
#include <fmt/format.h>

#include <cmath>

#include "op/broadcast.h"
#include "op/enum_names.h"
#include "op/infer_rules.h"

namespace stretto::op {
namespace {

bool works_on_integers(UnaryKind kind) {
  return kind == UnaryKind::relu || kind == UnaryKind::clip || kind == UnaryKind::neg || kind == UnaryKind::abs;
}

}  // namespace

Result<TensorType> infer_one(const BatchNorm& a, Types in) {
  STRETTO_TRY(check_dtypes(in, false));
  const Shape& src = in[0].shape;
  if (src.size() < 2) return bad_input(fmt::format("source {} has no channels", stretto::to_string(src)));
  for (size_t i = 1; i < in.size(); ++i) {
    if (!(in[i].shape == Shape{src[1]})) {
      return bad_input(fmt::format("input {} is {}; expected one number a channel ({})", i,
                                   stretto::to_string(in[i].shape), src[1]));
    }
  }
  if (!(a.epsilon >= 0) || std::isinf(a.epsilon)) return bad_input("epsilon must be a number ≥ 0");
  return in[0];
}

Result<TensorType> infer_one(const Unary& a, Types in) {
  if (!enum_valid(a.kind)) return bad_input("unknown kind of unary");
  STRETTO_TRY(check_dtypes(in, works_on_integers(a.kind)).in(std::string(name_of(a.kind))));
  if (std::isnan(a.a) || std::isnan(a.b)) return bad_input("a and b must be numbers");
  return in[0];
}

Result<TensorType> infer_one(const Binary& a, Types in) {
  if (!enum_valid(a.kind)) return bad_input("unknown kind of binary");
  STRETTO_TRY(check_dtypes(in, a.kind != BinaryKind::prelu).in(std::string(name_of(a.kind))));
  std::optional<Shape> out = broadcast_shapes(in[0].shape, in[1].shape);
  if (!out) {
    return bad_input(fmt::format("{}: {} and {} do not broadcast", name_of(a.kind), stretto::to_string(in[0].shape),
                                 stretto::to_string(in[1].shape)));
  }
  return TensorType{in[0].dtype, *out};
}

Result<TensorType> infer_one(const Softmax& a, Types in) {
  STRETTO_TRY(check_dtypes(in, false));
  STRETTO_TRY(check_axis(a.axis, in[0].shape.size()));
  return in[0];
}

Result<TensorType> infer_one(const Lrn& a, Types in) {
  STRETTO_TRY(check_dtypes(in, false));
  if (in[0].shape.size() < 2) return bad_input("source has no channels");
  if (a.size < 1 || a.size > kMaxSize) return bad_input(fmt::format("size {} must be positive", a.size));
  if (!std::isfinite(a.alpha) || !std::isfinite(a.beta) || !std::isfinite(a.bias)) {
    return bad_input("alpha, beta and bias must be finite");
  }
  return in[0];
}

Result<TensorType> infer_one(const Cast& a, Types in) {
  if (!is_valid_dtype(static_cast<unsigned>(a.to))) return bad_input("unknown element type to cast to");
  return TensorType{a.to, in[0].shape};
}

Result<TensorType> infer_one(const Reformat&, Types in) {
  return in[0];
}

}  // namespace stretto::op
