// Shape arithmetic that our operators have no word for: computed here, on known values alone.
#include <algorithm>
#include <cmath>
#include <limits>

#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 20;

/// A known tensor as numbers: exact for integers, doubles otherwise.
struct Numbers {
  TensorType type;
  std::vector<int64_t> integers;
  std::vector<double> reals;
  bool real() const { return type.dtype == DType::f32; }
  size_t size() const { return real() ? reals.size() : integers.size(); }
};

template <class T, class To>
void copy_from(const Tensor& tensor, std::vector<To>& to) {
  for (T v : tensor.as<T>()) to.push_back(static_cast<To>(v));
}

Result<Numbers> numbers_of(NodeContext& n, int input) {
  Operand operand = n.input(input);
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(Tensor tensor, n.known(operand));
  if (tensor.elements() > kMostElements) return failed("too many elements to compute at import");
  Numbers numbers{tensor.type(), {}, {}};
  switch (tensor.dtype()) {
    case DType::f32:
      copy_from<float>(tensor, numbers.reals);
      break;
    case DType::i64:
      copy_from<int64_t>(tensor, numbers.integers);
      break;
    case DType::i32:
      copy_from<int32_t>(tensor, numbers.integers);
      break;
    case DType::i16:
      copy_from<int16_t>(tensor, numbers.integers);
      break;
    case DType::i8:
      copy_from<int8_t>(tensor, numbers.integers);
      break;
    case DType::u8:
    case DType::boolean:
      copy_from<uint8_t>(tensor, numbers.integers);
      break;
    case DType::u16:
      copy_from<uint16_t>(tensor, numbers.integers);
      break;
    case DType::u32:
      copy_from<uint32_t>(tensor, numbers.integers);
      break;
    default:
      return failed("elements of type " + std::string(name_of(tensor.dtype())) + " are not supported here");
  }
  return numbers;
}

template <class T, class From>
Tensor copy_to(const TensorType& type, const std::vector<From>& from) {
  Tensor tensor(type);
  std::span<T> to = tensor.as_mutable<T>();
  for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<T>(from[i]);
  return tensor;
}

Result<Tensor> tensor_of(const Numbers& numbers) {
  switch (numbers.type.dtype) {
    case DType::f32:
      return copy_to<float>(numbers.type, numbers.reals);
    case DType::i64:
      return copy_to<int64_t>(numbers.type, numbers.integers);
    case DType::i32:
      return copy_to<int32_t>(numbers.type, numbers.integers);
    case DType::i16:
      return copy_to<int16_t>(numbers.type, numbers.integers);
    case DType::u16:
      return copy_to<uint16_t>(numbers.type, numbers.integers);
    case DType::u32:
      return copy_to<uint32_t>(numbers.type, numbers.integers);
    case DType::i8:
      return copy_to<int8_t>(numbers.type, numbers.integers);
    case DType::u8:
    case DType::boolean:
      return copy_to<uint8_t>(numbers.type, numbers.integers);
    default:
      return internal_error("no such elements here");
  }
}

Status bind(NodeContext& n, const Numbers& result, bool literal) {
  STRETTO_ASSIGN(Tensor tensor, tensor_of(result));
  return n.bind_known(0, std::move(tensor), literal);
}

bool all_literal(NodeContext& n) {
  for (int i = 0; i < n.input_count(); ++i) {
    if (n.has_input(i) && !n.is_literal(n.input(i))) return false;
  }
  return true;
}

}  // namespace

Status import_known_range(NodeContext& n) {
  STRETTO_ASSIGN(Numbers start, numbers_of(n, 0));
  STRETTO_ASSIGN(Numbers limit, numbers_of(n, 1));
  STRETTO_ASSIGN(Numbers delta, numbers_of(n, 2));
  if (start.size() != 1 || limit.size() != 1 || delta.size() != 1 || start.type.dtype != limit.type.dtype ||
      start.type.dtype != delta.type.dtype) {
    return bad_input("start, limit and delta must be three numbers of one type");
  }
  auto as_real = [](const Numbers& v) { return v.real() ? v.reals[0] : static_cast<double>(v.integers[0]); };
  const double count = std::ceil((as_real(limit) - as_real(start)) / as_real(delta));
  if (!(count <= static_cast<double>(kMostElements))) return failed("too many elements to compute at import");
  Numbers out{{start.type.dtype, {count > 0 ? static_cast<int64_t>(count) : 0}}, {}, {}};
  for (int64_t i = 0; i < out.type.shape[0]; ++i) {
    if (start.real()) {
      out.reals.push_back(start.reals[0] + static_cast<double>(i) * delta.reals[0]);
    } else {
      // Between start and limit, so it fits; unsigned, so that no step on the way can overflow.
      out.integers.push_back(static_cast<int64_t>(static_cast<uint64_t>(start.integers[0]) +
                                                  static_cast<uint64_t>(i) * static_cast<uint64_t>(delta.integers[0])));
    }
  }
  return bind(n, out, all_literal(n));
}

Status import_known_non_zero(NodeContext& n) {
  STRETTO_ASSIGN(Numbers x, numbers_of(n, 0));
  const Shape& shape = x.type.shape;
  std::vector<int64_t> found;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x.real() ? x.reals[i] != 0 : x.integers[i] != 0) found.push_back(static_cast<int64_t>(i));
  }
  const int rank = std::max(shape.size(), 1);
  Numbers out{{DType::i64, {rank, static_cast<int64_t>(found.size())}}, {}, {}};
  for (int axis = 0; axis < rank; ++axis) {
    int64_t stride = 1;
    for (int i = axis + 1; i < shape.size(); ++i) stride *= shape[i];
    for (int64_t i : found) out.integers.push_back(shape.empty() ? 0 : i / stride % shape[axis]);
  }
  return bind(n, out, all_literal(n));
}

}  // namespace stretto::onnx
