// Types of quantisation and of integer products.
#include <fmt/format.h>

#include <cmath>

#include "op/infer_rules.h"
#include "op/integer.h"

namespace stretto::op {
namespace {

Status check_byte(const char* what, DType dtype) {
  if (is_byte(dtype)) return {};
  return bad_input(fmt::format("{} is {}; expected u8 or i8", what, stretto::name_of(dtype)));
}

/// Fails unless least ≤ v ≤ most.
Status check_between(const char* what, int64_t v, int64_t least, int64_t most) {
  if (v >= least && v <= most) return {};
  return bad_input(fmt::format("{} is {}; expected {} to {}", what, v, least, most));
}

/// A zero point must be a value that its tensor can hold; a sum's may be anything that cannot overflow.
Status check_zero(const char* what, int64_t zero, DType dtype) {
  if (dtype == DType::i32) return check_between(what, zero, -(int64_t{1} << 30), int64_t{1} << 30);
  return check_between(what, zero, lowest_of(dtype), highest_of(dtype));
}

Status check_scales(const TensorType& scales, const Shape& src, int64_t axis) {
  if (scales.dtype == DType::f32 && scales.shape == Shape{1}) return {};
  const bool fits = axis >= 0 && axis < src.size() && scales.shape == Shape{src[static_cast<int>(axis)]};
  if (scales.dtype == DType::f32 && fits) return {};
  return bad_input(fmt::format("scales are {}; expected f32[1], or one f32 for each index of axis {} of {}",
                               stretto::to_string(scales), axis, stretto::to_string(src)));
}

/// Types of an integer product, and that its exact sums of `terms` products fit i32.
Status check_product(Types in, int64_t zero, int64_t terms) {
  if (in[0].dtype != DType::u8 || in[1].dtype != DType::i8 || (in.size() == 3 && in[2].dtype != DType::i32)) {
    return bad_input(fmt::format("element types are {} and {}; expected source u8, weights i8 and bias i32",
                                 stretto::name_of(in[0].dtype), stretto::name_of(in[1].dtype)));
  }
  STRETTO_TRY(check_zero("zero", zero, DType::u8));
  if (terms > kMaxTerms) {
    return bad_input(
        fmt::format("a sum of {} products may overflow 32 bits; at most {} can be added", terms, kMaxTerms));
  }
  return {};
}

/// Products in one sum of a convolution with these weights; huge numbers saturate.
int64_t terms_of(const Shape& weights, int first_axis) {
  int64_t terms = 1;
  for (int i = 0; i < weights.size(); ++i) {
    if (i == 1 - first_axis) continue;
    terms = std::min<int64_t>(kMaxTerms + 1, terms * std::min<int64_t>(weights[i], kMaxTerms + 1));
  }
  return terms;
}

}  // namespace

Result<TensorType> infer_one(const Quantize& a, Types in) {
  if (in[0].dtype != DType::f32) {
    return bad_input(fmt::format("source is {}; expected f32", stretto::name_of(in[0].dtype)));
  }
  STRETTO_TRY(check_byte("the result", a.to));
  STRETTO_TRY(check_zero("zero", a.zero, a.to));
  if (!std::isfinite(a.scale) || !(a.scale > 0)) return bad_input("scale must be positive and finite");
  return TensorType{a.to, in[0].shape};
}

Result<TensorType> infer_one(const Dequantize& a, Types in) {
  if (in[0].dtype != DType::i32) STRETTO_TRY(check_byte("source", in[0].dtype));
  STRETTO_TRY(check_zero("zero", a.zero, in[0].dtype));
  STRETTO_TRY(check_scales(in[1], in[0].shape, a.axis));
  return TensorType{DType::f32, in[0].shape};
}

Result<TensorType> infer_one(const Requantize& a, Types in) {
  if (in[0].dtype != DType::i32) STRETTO_TRY(check_byte("source", in[0].dtype));
  STRETTO_TRY(check_byte("the result", a.to));
  STRETTO_TRY(check_zero("src_zero", a.src_zero, in[0].dtype));
  STRETTO_TRY(check_scales(in[1], in[0].shape, 1));
  if (in.size() == 3) {
    STRETTO_TRY(check_byte("other", in[2].dtype));
    STRETTO_TRY(check_zero("other_zero", a.other_zero, in[2].dtype));
    if (!(in[2].shape == in[0].shape)) {
      return bad_input(fmt::format("other is {}; expected the source's shape {}", stretto::to_string(in[2].shape),
                                   stretto::to_string(in[0].shape)));
    }
  }
  if (!std::isfinite(a.other_scale)) return bad_input("other_scale must be finite");
  if (!(a.slope >= 0 && a.slope <= 1)) return bad_input(fmt::format("slope is {}; expected 0 to 1", a.slope));
  STRETTO_TRY(check_zero("zero", a.zero, a.to));
  STRETTO_TRY(check_zero("low", a.low, a.to));
  STRETTO_TRY(check_between("high", a.high, a.low, highest_of(a.to)));
  return TensorType{a.to, in[0].shape};
}

Result<TensorType> infer_one(const Lookup&, Types in) {
  if (in[0].dtype != DType::u8) {
    return bad_input(fmt::format("source is {}; expected u8", stretto::name_of(in[0].dtype)));
  }
  if (!(in[1].shape == Shape{256}) || (in[1].dtype != DType::f32 && !is_byte(in[1].dtype))) {
    return bad_input(fmt::format("the table is {}; expected u8[256], i8[256] or f32[256]", stretto::to_string(in[1])));
  }
  return TensorType{in[1].dtype, in[0].shape};
}

Result<TensorType> infer_one(const ConvInteger& a, Types in) {
  STRETTO_TRY(check_product(in, a.zero, terms_of(in[1].shape, 1)));
  STRETTO_ASSIGN(Shape out, conv_shape(a, in));
  return TensorType{DType::i32, out};
}

Result<TensorType> infer_one(const ConvTransposeInteger& a, Types in) {
  STRETTO_TRY(check_product(in, a.zero, terms_of(in[1].shape, 0)));
  STRETTO_ASSIGN(Shape out, conv_transpose_shape(a, in));
  return TensorType{DType::i32, out};
}

Result<TensorType> infer_one(const GemmInteger& a, Types in) {
  const Shape &sa = in[0].shape, &sb = in[1].shape;
  if (sa.size() != 2 || sb.size() != 2 || sa[1] != sb[1]) {
    return bad_input(
        fmt::format("A is {} and B is {}; expected M,K and N,K", stretto::to_string(sa), stretto::to_string(sb)));
  }
  STRETTO_TRY(check_product(in, a.zero, sa[1]));
  if (in.size() == 3 && !(in[2].shape == Shape{sb[0]})) {
    return bad_input(
        fmt::format("bias is {}; expected one number a column ({})", stretto::to_string(in[2].shape), sb[0]));
  }
  return TensorType{DType::i32, Shape{sa[0], sb[0]}};
}

}  // namespace stretto::op
