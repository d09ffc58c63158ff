// Inside op/: one overload of infer_one an operator, and the checks they share.
//
// infer() has already checked arity, that every input type is sound (sizes in [0, kMaxSize], element types valid), and
// that inputs are not empty save where empty_ok() allows it; afterwards it checks the size of what infer_one returns.
#pragma once

#include <span>
#include <string>

#include "op/op.h"

namespace stretto::op {

using Types = std::span<const TensorType>;

/// No size of a tensor, stride, pad, … reaches 2^31.
inline constexpr int64_t kMaxSize = (int64_t{1} << 31) - 1;
/// Pools are bounded tighter, so that their windows can be checked one by one.
inline constexpr int64_t kMaxWindow = int64_t{1} << 24;

Result<TensorType> infer_one(const Conv&, Types);
Result<TensorType> infer_one(const ConvTranspose&, Types);
Result<TensorType> infer_one(const Gemm&, Types);
Result<TensorType> infer_one(const MatMul&, Types);
Result<TensorType> infer_one(const BatchNorm&, Types);
Result<TensorType> infer_one(const Unary&, Types);
Result<TensorType> infer_one(const Binary&, Types);
Result<TensorType> infer_one(const Softmax&, Types);
Result<TensorType> infer_one(const Lrn&, Types);
Result<TensorType> infer_one(const Pool&, Types);
Result<TensorType> infer_one(const Reduce&, Types);
Result<TensorType> infer_one(const Concat&, Types);
Result<TensorType> infer_one(const Slice&, Types);
Result<TensorType> infer_one(const Reshape&, Types);
Result<TensorType> infer_one(const Transpose&, Types);
Result<TensorType> infer_one(const Expand&, Types);
Result<TensorType> infer_one(const Gather&, Types);
Result<TensorType> infer_one(const Pad&, Types);
Result<TensorType> infer_one(const Resize&, Types);
Result<TensorType> infer_one(const Cast&, Types);
Result<TensorType> infer_one(const Reformat&, Types);
Result<TensorType> infer_one(const Quantize&, Types);
Result<TensorType> infer_one(const Dequantize&, Types);
Result<TensorType> infer_one(const Requantize&, Types);
Result<TensorType> infer_one(const Lookup&, Types);
Result<TensorType> infer_one(const ConvInteger&, Types);
Result<TensorType> infer_one(const ConvTransposeInteger&, Types);
Result<TensorType> infer_one(const GemmInteger&, Types);
Result<TensorType> infer_one(const Map&, Types);
Result<TensorType> infer_one(const Cumulate&, Types);
Result<TensorType> infer_one(const TopK&, Types);
Result<TensorType> infer_one(const PoolIndices&, Types);
Result<TensorType> infer_one(const Scatter&, Types);
Result<TensorType> infer_one(const GridSample&, Types);
Result<TensorType> infer_one(const RoiAlign&, Types);
Result<TensorType> infer_one(const NonMaxSuppression&, Types);

/// Element types that shape arithmetic is done in.
inline bool is_index(DType t) {
  return t == DType::i32 || t == DType::i64;
}

/// Quantised values.
inline bool is_byte(DType t) {
  return t == DType::u8 || t == DType::i8;
}

/// Shapes of a convolution and of its transpose, whatever the element types.
Result<Shape> conv_shape(const Conv&, Types);
Result<Shape> conv_transpose_shape(const ConvTranspose&, Types);

/// Fails unless every input has the same floating-point type (or, with `indices`, the same i32 or i64).
Status check_dtypes(Types inputs, bool indices);
/// The same where quantised values pass as well.
Status check_dtypes_or_bytes(Types inputs, bool indices);
/// Fails unless `d` has `count` entries, all in [least, most].
Status check_dims(const char* what, const Dims& d, int count, int64_t least, int64_t most = kMaxSize);
/// Fails unless 0 ≤ axis < rank.
Status check_axis(int64_t axis, int rank);

}  // namespace stretto::op
