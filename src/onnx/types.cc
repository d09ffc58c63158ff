#include "onnx/types.h"

#include <array>
#include <string_view>

namespace stretto::onnx {
namespace {

constexpr std::array<std::string_view, 27> kNames = {
    "UNDEFINED", "FLOAT",      "UINT8",      "INT8",         "UINT16",         "INT16",      "INT32",
    "INT64",     "STRING",     "BOOL",       "FLOAT16",      "DOUBLE",         "UINT32",     "UINT64",
    "COMPLEX64", "COMPLEX128", "BFLOAT16",   "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ",
    "UINT4",     "INT4",       "FLOAT4E2M1", "FLOAT8E8M0",   "UINT2",          "INT2"};

}  // namespace

std::optional<DType> dtype_from_onnx(int data_type) {
  switch (data_type) {
    case 1:
      return DType::f32;
    case 2:
      return DType::u8;
    case 3:
      return DType::i8;
    case 4:
      return DType::u16;
    case 5:
      return DType::i16;
    case 6:
      return DType::i32;
    case 7:
      return DType::i64;
    case 9:
      return DType::boolean;
    case 10:
      return DType::f16;
    case 11:
      return DType::f64;
    case 12:
      return DType::u32;
    case 13:
      return DType::u64;
    case 16:
      return DType::bf16;
    default:
      return std::nullopt;
  }
}

int onnx_from_dtype(DType type) {
  for (int number = 1; number < static_cast<int>(kNames.size()); ++number) {
    if (dtype_from_onnx(number) == type) return number;
  }
  return 0;
}

std::string onnx_type_name(int data_type) {
  if (data_type >= 0 && data_type < static_cast<int>(kNames.size())) {
    return std::string(kNames[static_cast<size_t>(data_type)]);
  }
  return "type " + std::to_string(data_type);
}

}  // namespace stretto::onnx
