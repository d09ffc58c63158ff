#include "onnx/formula.h"

#include <numeric>
#include <vector>

namespace stretto::onnx {
namespace {

template <class T>
Tensor one(DType type, double value) {
  const auto v = static_cast<T>(value);
  return Tensor::of<T>(type, {}, std::span<const T>(&v, 1));
}

}  // namespace

Operand Formula::emit(const op::Attrs& attrs, std::span<const Operand> inputs) {
  if (!ok()) return kAbsent;
  Result<Operand> result = n_.emit(attrs, inputs, next(op::display_name(attrs)));
  if (result.ok()) return *result;
  fail(result.status());
  return kAbsent;
}

Operand Formula::reduce(op::ReduceKind kind, Operand x, const Dims& axes, bool keepdims) {
  if (ok() && axes.empty()) return x;
  return emit(op::Reduce{kind, axes, keepdims}, {x});
}

Operand Formula::slice(Operand x, int axis, int64_t first, int64_t size, int64_t step) {
  if (!ok()) return kAbsent;
  const Shape& shape = this->shape(x);
  op::Slice attrs{Dims::filled(shape.size(), 0), Dims::filled(shape.size(), 1), shape};
  attrs.starts[axis] = first;
  attrs.steps[axis] = step;
  attrs.sizes[axis] = size;
  return emit(attrs, {x});
}

Operand Formula::counting(int64_t count, int64_t stride, int axis, int rank) {
  constexpr int64_t kMost = int64_t{1} << 24;
  if (count > kMost) fail(failed("an axis of more than 2^24 elements is not supported here"));
  if (!ok()) return kAbsent;
  std::vector<int64_t> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int64_t>(i) * stride;
  Shape shape = Shape::filled(rank, 1);
  shape[axis] = count;
  return constant(Tensor::of<int64_t>(DType::i64, shape, values));
}

Tensor Formula::scalar_of(DType type, double value) {
  switch (type) {
    case DType::f32:
      return one<float>(type, value);
    case DType::i8:
      return one<int8_t>(type, value);
    case DType::u8:
    case DType::boolean:
      return one<uint8_t>(type, value);
    case DType::i16:
      return one<int16_t>(type, value);
    case DType::u16:
      return one<uint16_t>(type, value);
    case DType::i32:
      return one<int32_t>(type, value);
    case DType::u32:
      return one<uint32_t>(type, value);
    case DType::u64:
      return one<uint64_t>(type, value);
    default:
      return one<int64_t>(DType::i64, value);
  }
}

DType arithmetic_type(DType type) {
  switch (type) {
    case DType::i8:
    case DType::u8:
    case DType::i16:
    case DType::u16:
    case DType::boolean:
      return DType::i32;
    case DType::u32:
    case DType::u64:
      return DType::i64;
    default:
      return type;
  }
}

}  // namespace stretto::onnx
