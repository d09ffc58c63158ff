// ONNX's element types and ours.
#pragma once

#include <optional>
#include <string>

#include "base/dtype.h"

namespace stretto::onnx {

/// Nothing for types we have not (strings, complex numbers, 8-bit floats, 4-bit integers).
std::optional<DType> dtype_from_onnx(int data_type);
/// The inverse: ONNX's number of a type.
int onnx_from_dtype(DType type);
/// "FLOAT8E5M2", as the standard spells it; "type 99" for a number it does not define.
std::string onnx_type_name(int data_type);
/// What the network computes in: every floating-point type becomes f32, the others stay.
inline DType computed_type(DType type) {
  return is_float(type) ? DType::f32 : type;
}

}  // namespace stretto::onnx
