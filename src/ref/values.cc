// Elements in memory to and from Scalar.
#include "ref/values.h"

#include <cmath>
#include <limits>

#include "base/half.h"

namespace stretto::ref {
namespace {

template <class T>
T element(const void* data, int64_t i) {
  return static_cast<const T*>(data)[i];
}
template <class T>
void put(void* data, int64_t i, T value) {
  static_cast<T*>(data)[i] = value;
}

Scalar real(double v) {
  return {v, 0};
}
Scalar integer(int64_t v) {
  return {0, v};
}

}  // namespace

Scalar load(const void* data, DType dtype, int64_t i) {
  switch (dtype) {
    case DType::f32:
      return real(element<float>(data, i));
    case DType::f64:
      return real(element<double>(data, i));
    case DType::f16:
      return real(f16_to_double(element<uint16_t>(data, i)));
    case DType::bf16:
      return real(bf16_to_double(element<uint16_t>(data, i)));
    case DType::i8:
      return integer(element<int8_t>(data, i));
    case DType::u8:
      return integer(element<uint8_t>(data, i));
    case DType::i16:
      return integer(element<int16_t>(data, i));
    case DType::u16:
      return integer(element<uint16_t>(data, i));
    case DType::i32:
      return integer(element<int32_t>(data, i));
    case DType::u32:
      return integer(element<uint32_t>(data, i));
    case DType::i64:
      return integer(element<int64_t>(data, i));
    case DType::u64:
      return integer(static_cast<int64_t>(element<uint64_t>(data, i)));
    case DType::boolean:
      return integer(element<uint8_t>(data, i) != 0);
  }
  return {};
}

Scalar load(const Tensor& tensor, int64_t linear) {
  return load(tensor.data(), tensor.dtype(), linear);
}

void store(void* data, DType dtype, int64_t i, Scalar v) {
  auto bits = static_cast<uint64_t>(v.integer);
  switch (dtype) {
    case DType::f32:
      return put(data, i, static_cast<float>(v.real));
    case DType::f64:
      return put(data, i, v.real);
    case DType::f16:
      return put(data, i, f16_from_double(v.real));
    case DType::bf16:
      return put(data, i, bf16_from_double(v.real));
    case DType::i8:
    case DType::u8:
      return put(data, i, static_cast<uint8_t>(bits));
    case DType::i16:
    case DType::u16:
      return put(data, i, static_cast<uint16_t>(bits));
    case DType::i32:
    case DType::u32:
      return put(data, i, static_cast<uint32_t>(bits));
    case DType::i64:
    case DType::u64:
      return put(data, i, bits);
    case DType::boolean:
      return put(data, i, static_cast<uint8_t>(bits != 0));
  }
}

int64_t wrap(DType dtype, int64_t value) {
  switch (dtype) {
    case DType::i8:
      return static_cast<int8_t>(value);
    case DType::u8:
      return static_cast<uint8_t>(value);
    case DType::i16:
      return static_cast<int16_t>(value);
    case DType::u16:
      return static_cast<uint16_t>(value);
    case DType::i32:
      return static_cast<int32_t>(value);
    case DType::u32:
      return static_cast<uint32_t>(value);
    case DType::boolean:
      return value != 0;
    default:
      return value;
  }
}

int64_t to_integer(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 0x1p63) return std::numeric_limits<int64_t>::max();
  if (value < -0x1p63) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

Scalar convert(DType from, DType to, Scalar value) {
  if (is_float(from) && is_float(to)) {
    alignas(8) std::byte slot[8];
    store(slot, to, 0, value);
    return load(slot, to, 0);
  }
  if (is_float(to)) {
    double exact = from == DType::u64 ? static_cast<double>(static_cast<uint64_t>(value.integer))
                                      : static_cast<double>(value.integer);
    return convert(DType::f64, to, real(exact));
  }
  if (to == DType::boolean) return integer(is_float(from) ? value.real != 0 : value.integer != 0);
  if (!is_float(from)) return integer(wrap(to, value.integer));
  if (to == DType::u64 && value.real >= 0x1p63) {
    return integer(static_cast<int64_t>(value.real >= 0x1p64 ? ~uint64_t{0} : static_cast<uint64_t>(value.real)));
  }
  return integer(wrap(to, to_integer(value.real)));
}

}  // namespace stretto::ref
