#include "onnx/tensor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "onnx/types.h"

namespace stretto::onnx {
namespace {

namespace pb = ::onnx;

Result<TensorType> type_of(const pb::TensorProto& proto) {
  std::optional<DType> dtype = dtype_from_onnx(proto.data_type());
  if (!dtype) {
    return failed("element type " + onnx_type_name(proto.data_type()) + " is not supported; convert it to FLOAT");
  }
  if (proto.dims_size() > kMaxRank) {
    return failed("rank " + std::to_string(proto.dims_size()) + " is above " + std::to_string(kMaxRank));
  }
  TensorType type{*dtype, {}};
  for (int64_t d : proto.dims()) type.shape.push_back(d);
  if (!checked_elements(type.shape)) return bad_input("dimensions " + to_string(type.shape) + " are impossible");
  return type;
}

Status wrong_count(int64_t have, int64_t need, const char* what) {
  return bad_input("holds " + std::to_string(have) + " " + what + " where its dimensions need " + std::to_string(need));
}

bool aligned(const void* data, DType dtype) {
  return reinterpret_cast<uintptr_t>(data) % size_of(dtype) == 0;
}

void normalise_booleans(Tensor& tensor) {
  for (uint8_t& b : tensor.as_mutable<uint8_t>()) b = b != 0;
}

Result<LoadedTensor> from_raw(const std::string& raw, const TensorType& type,
                              const std::shared_ptr<const void>& owner) {
  if (raw.size() != type.bytes()) {
    return wrong_count(static_cast<int64_t>(raw.size()), static_cast<int64_t>(type.bytes()), "bytes");
  }
  const bool borrow = !raw.empty() && owner && type.dtype != DType::boolean && aligned(raw.data(), type.dtype);
  if (borrow) return LoadedTensor{Tensor(type, owner, raw.data()), true};
  Tensor tensor(type);
  std::memcpy(tensor.mutable_data(), raw.data(), raw.size());
  if (type.dtype == DType::boolean) normalise_booleans(tensor);
  return LoadedTensor{tensor, false};
}

/// A typed field whose elements are those of the tensor.
template <class T, class Field>
Result<LoadedTensor> from_same(const Field& field, const TensorType& type, const std::shared_ptr<const void>& owner) {
  if (field.size() != type.elements()) return wrong_count(field.size(), type.elements(), "elements");
  if (field.size() == 0) return LoadedTensor{Tensor(type), false};
  if (owner) return LoadedTensor{Tensor(type, owner, field.data()), true};
  return LoadedTensor{Tensor::of<T>(type.dtype, type.shape, {field.data(), static_cast<size_t>(field.size())}), false};
}

/// A typed field that holds narrower elements one a number.
template <class T, class Field>
Result<LoadedTensor> from_wider(const Field& field, const TensorType& type) {
  if (field.size() != type.elements()) return wrong_count(field.size(), type.elements(), "elements");
  Tensor tensor(type);
  std::span<T> to = tensor.as_mutable<T>();
  for (int i = 0; i < field.size(); ++i) to[static_cast<size_t>(i)] = static_cast<T>(field[i]);
  if (type.dtype == DType::boolean) normalise_booleans(tensor);
  return LoadedTensor{tensor, false};
}

Result<LoadedTensor> from_fields(const pb::TensorProto& proto, const TensorType& type,
                                 const std::shared_ptr<const void>& owner) {
  switch (type.dtype) {
    case DType::f32:
      return from_same<float>(proto.float_data(), type, owner);
    case DType::f64:
      return from_same<double>(proto.double_data(), type, owner);
    case DType::i64:
      return from_same<int64_t>(proto.int64_data(), type, owner);
    case DType::i32:
      return from_same<int32_t>(proto.int32_data(), type, owner);
    case DType::u64:
      return from_same<uint64_t>(proto.uint64_data(), type, owner);
    case DType::u32:
      return from_wider<uint32_t>(proto.uint64_data(), type);
    case DType::f16:
    case DType::bf16:
    case DType::u16:
      return from_wider<uint16_t>(proto.int32_data(), type);
    case DType::i16:
      return from_wider<int16_t>(proto.int32_data(), type);
    case DType::i8:
      return from_wider<int8_t>(proto.int32_data(), type);
    case DType::u8:
    case DType::boolean:
      return from_wider<uint8_t>(proto.int32_data(), type);
  }
  return internal_error("element type without a field");
}

float from_half(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 31, mantissa = half & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
  return sign != 0 ? -magnitude : magnitude;
}

float from_bfloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

}  // namespace

Result<LoadedTensor> load_tensor(const pb::TensorProto& proto, const std::shared_ptr<const void>& owner,
                                 ExternalFiles& files) {
  if (proto.has_segment()) return failed("is stored in segments, which is not supported; save the model again");
  STRETTO_ASSIGN(TensorType type, type_of(proto));
  if (proto.data_location() == pb::TensorProto::EXTERNAL) {
    STRETTO_ASSIGN(Tensor tensor, files.read(proto, type));
    if (type.dtype == DType::boolean) normalise_booleans(tensor);
    return LoadedTensor{tensor, false};
  }
  if (proto.has_raw_data() && !proto.raw_data().empty()) return from_raw(proto.raw_data(), type, owner);
  return from_fields(proto, type, owner);
}

Tensor in_computed_type(const Tensor& tensor) {
  const DType dtype = tensor.dtype();
  if (!is_float(dtype) || dtype == DType::f32) return tensor;
  Tensor converted(TensorType{DType::f32, tensor.shape()});
  std::span<float> to = converted.as_mutable<float>();
  if (dtype == DType::f64) {
    std::span<const double> from = tensor.as<double>();
    for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<float>(from[i]);
    return converted;
  }
  std::span<const uint16_t> from = tensor.as<uint16_t>();
  const bool half = dtype == DType::f16;
  for (size_t i = 0; i < to.size(); ++i) to[i] = half ? from_half(from[i]) : from_bfloat(from[i]);
  return converted;
}

bool has_non_finite(const Tensor& tensor) {
  constexpr size_t kBlock = 4096;
  std::span<const uint32_t> bits = tensor.as<uint32_t>();
  for (size_t begin = 0; begin < bits.size(); begin += kBlock) {
    uint32_t found = 0;
    for (uint32_t b : bits.subspan(begin, std::min(kBlock, bits.size() - begin))) {
      found |= static_cast<uint32_t>((b & 0x7f800000u) == 0x7f800000u);
    }
    if (found != 0) return true;
  }
  return false;
}

}  // namespace stretto::onnx
