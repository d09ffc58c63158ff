#include "kernels/cpu/generic/element.h"

#include <cmath>
#include <limits>

#include "base/half.h"

namespace stretto::kernels::generic {
namespace {

template <class T, class V>
void read(const void* src, int64_t first, int64_t n, V* out) {
  const T* from = static_cast<const T*>(src) + first;
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<V>(from[i]);
}
template <class T, class V>
void write(const V* values, int64_t n, void* dst, int64_t first) {
  T* to = static_cast<T*>(dst) + first;
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(values[i]);
}

}  // namespace

int64_t to_integer(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 0x1p63) return std::numeric_limits<int64_t>::max();
  if (value < -0x1p63) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

void read_reals(DType dtype, const void* src, int64_t first, int64_t n, double* out) {
  const auto* bits = static_cast<const uint16_t*>(src) + first;
  switch (dtype) {
    case DType::f16:
      for (int64_t i = 0; i < n; ++i) out[i] = f16_to_double(bits[i]);
      return;
    case DType::bf16:
      for (int64_t i = 0; i < n; ++i) out[i] = bf16_to_double(bits[i]);
      return;
    case DType::f64:
      return read<double>(src, first, n, out);
    default:
      return read<float>(src, first, n, out);
  }
}

void read_integers(DType dtype, const void* src, int64_t first, int64_t n, int64_t* out) {
  switch (dtype) {
    case DType::i8:
      return read<int8_t>(src, first, n, out);
    case DType::u8:
      return read<uint8_t>(src, first, n, out);
    case DType::i16:
      return read<int16_t>(src, first, n, out);
    case DType::u16:
      return read<uint16_t>(src, first, n, out);
    case DType::i32:
      return read<int32_t>(src, first, n, out);
    case DType::u32:
      return read<uint32_t>(src, first, n, out);
    case DType::boolean: {
      const auto* from = static_cast<const uint8_t*>(src) + first;
      for (int64_t i = 0; i < n; ++i) out[i] = from[i] != 0;
      return;
    }
    default:
      return read<int64_t>(src, first, n, out);
  }
}

void write_reals(DType dtype, const double* values, int64_t n, void* dst, int64_t first) {
  auto* bits = static_cast<uint16_t*>(dst) + first;
  switch (dtype) {
    case DType::f16:
      for (int64_t i = 0; i < n; ++i) bits[i] = f16_from_double(values[i]);
      return;
    case DType::bf16:
      for (int64_t i = 0; i < n; ++i) bits[i] = bf16_from_double(values[i]);
      return;
    case DType::f64:
      return write<double>(values, n, dst, first);
    default:
      return write<float>(values, n, dst, first);
  }
}

void write_integers(DType dtype, const int64_t* values, int64_t n, void* dst, int64_t first) {
  switch (dtype) {
    case DType::i8:
    case DType::u8:
      return write<uint8_t>(values, n, dst, first);
    case DType::i16:
    case DType::u16:
      return write<uint16_t>(values, n, dst, first);
    case DType::i32:
    case DType::u32:
      return write<uint32_t>(values, n, dst, first);
    case DType::boolean: {
      auto* to = static_cast<uint8_t*>(dst) + first;
      for (int64_t i = 0; i < n; ++i) to[i] = values[i] != 0;
      return;
    }
    default:
      return write<int64_t>(values, n, dst, first);
  }
}

}  // namespace stretto::kernels::generic
