// ConvInteger and MatMulInteger: exact sums in 32 bits, with constant weights.
#include <algorithm>

#include "onnx/operators.h"
#include "onnx/quantized.h"
#include "onnx/spatial.h"

namespace stretto::onnx {
namespace {

struct Unsigned {
  Operand integers;
  int64_t zero;
};

/// Input 0 as u8 and its zero point; i8 is moved by 128.
Result<Unsigned> unsigned_source(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const DType type = n.type(src).dtype;
  if (type != DType::u8 && type != DType::i8)
    return bad_input("src is " + to_string(n.type(src)) + "; expected u8 or i8");
  STRETTO_ASSIGN(std::vector<int64_t> zeros, read_zeros(n, 2, type));
  if (std::any_of(zeros.begin(), zeros.end(), [&](int64_t z) { return z != zeros[0]; })) {
    return failed("several zero points of src are not supported; quantise it by tensor");
  }
  if (type == DType::u8) return Unsigned{src, zeros[0]};
  const float one = 1;
  Operand scale = n.add_known(Tensor::of<float>(DType::f32, {1}, std::span(&one, 1)), "one");
  op::Requantize moved;
  moved.zero = 128;
  STRETTO_ASSIGN(src, n.emit(moved, {src, scale}, "unsigned"));
  return Unsigned{src, zeros[0] + 128};
}

/// weights − zeros along `axis`, as i8 tensors whose sum it is: one wherever the differences fit.
Result<std::vector<Tensor>> signed_weights(NodeContext& n, Operand weights, const std::vector<int64_t>& zeros,
                                           int64_t axis) {
  auto known = n.known(weights);
  if (!known.ok()) return known.status().in("the weights must be constant");
  const Tensor& tensor = *known;
  const Shape& shape = tensor.shape();
  if (zeros.size() > 1 && static_cast<int64_t>(zeros.size()) != shape[static_cast<int>(axis)]) {
    return bad_input("there are " + std::to_string(zeros.size()) + " zero points for axis " + std::to_string(axis) +
                     " of " + to_string(tensor.type()));
  }
  int64_t inner = 1;
  for (int i = static_cast<int>(axis) + 1; i < shape.size(); ++i) inner *= shape[i];
  const auto count = static_cast<size_t>(tensor.elements());
  std::vector<int64_t> rest(count);
  for (size_t i = 0; i < count; ++i) {
    const int64_t w = tensor.dtype() == DType::u8 ? int64_t{tensor.as<uint8_t>()[i]} : int64_t{tensor.as<int8_t>()[i]};
    rest[i] = w - zeros[(i / static_cast<size_t>(inner)) % zeros.size()];
  }
  std::vector<Tensor> parts;
  do {
    Tensor part(TensorType{DType::i8, shape});
    std::span<int8_t> values = part.as_mutable<int8_t>();
    for (size_t i = 0; i < count; ++i) {
      values[i] = static_cast<int8_t>(std::clamp<int64_t>(rest[i], -128, 127));
      rest[i] -= values[i];
    }
    parts.push_back(std::move(part));
  } while (std::any_of(rest.begin(), rest.end(), [](int64_t r) { return r != 0; }));
  return parts;
}

/// The sum of one product for each part of the weights.
template <class Emit>
Result<Operand> sum_of(NodeContext& n, const std::vector<Tensor>& parts, Emit&& product) {
  Operand sum = kAbsent;
  for (const Tensor& part : parts) {
    STRETTO_ASSIGN(Operand one, product(part));
    if (sum != kAbsent) {
      STRETTO_ASSIGN(one, n.emit(op::Binary{op::BinaryKind::add}, {sum, one}, "sum"));
    }
    sum = one;
  }
  return sum;
}

Tensor transposed(const Tensor& matrix) {
  const int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  Tensor result(TensorType{DType::i8, {columns, rows}});
  std::span<int8_t> values = result.as_mutable<int8_t>();
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      values[static_cast<size_t>(c * rows + r)] = matrix.as<int8_t>()[static_cast<size_t>(r * columns + c)];
    }
  }
  return result;
}

Status check_weights(NodeContext& n, Operand weights) {
  const DType type = n.type(weights).dtype;
  if (type == DType::u8 || type == DType::i8) return {};
  return bad_input("weights are " + to_string(n.type(weights)) + "; expected u8 or i8");
}

}  // namespace

Status import_conv_integer(NodeContext& n) {
  Operand weights = n.input(1);
  STRETTO_ASSIGN(Unsigned src, unsigned_source(n));
  STRETTO_TRY(check_weights(n, weights));
  STRETTO_ASSIGN(op::Conv window, read_conv(n, src.integers, weights));
  op::ConvInteger attrs;
  static_cast<op::Conv&>(attrs) = window;
  attrs.zero = src.zero;
  STRETTO_ASSIGN(std::vector<int64_t> zeros, read_zeros(n, 3, n.type(weights).dtype));
  STRETTO_ASSIGN(std::vector<Tensor> parts, signed_weights(n, weights, zeros, 0));
  if (parts.size() == 1) return n.finish(attrs, {src.integers, n.add_known(parts[0], "weights")});
  STRETTO_ASSIGN(Operand sum, sum_of(n, parts, [&](const Tensor& part) {
                   return n.emit(attrs, {src.integers, n.add_known(part, "weights")}, "part");
                 }));
  return n.bind(0, sum);
}

Status import_matmul_integer(NodeContext& n) {
  Operand weights = n.input(1);
  STRETTO_ASSIGN(Unsigned src, unsigned_source(n));
  STRETTO_TRY(check_weights(n, weights));
  const Shape shape = n.shape(src.integers), matrix = n.shape(weights);
  if (shape.size() < 2 || matrix.size() != 2 || shape.back() != matrix[0] || matrix[0] < 1 || matrix[1] < 1) {
    return failed("a product of " + to_string(n.type(src.integers)) + " and " + to_string(n.type(weights)) +
                  " is not supported; B must be one matrix that fits A");
  }
  STRETTO_ASSIGN(std::vector<int64_t> zeros, read_zeros(n, 3, n.type(weights).dtype));
  STRETTO_ASSIGN(std::vector<Tensor> parts, signed_weights(n, weights, zeros, 1));
  const int64_t rows = n.type(src.integers).elements() / shape.back();
  Operand a = src.integers;
  if (shape.size() > 2) {
    STRETTO_ASSIGN(a, n.emit(op::Reshape{{rows, shape.back()}}, {a}, "rows"));
  }
  STRETTO_ASSIGN(Operand sum, sum_of(n, parts, [&](const Tensor& part) {
                   return n.emit(op::GemmInteger{src.zero}, {a, n.add_known(transposed(part), "weights")}, "product");
                 }));
  if (shape.size() == 2) return n.bind(0, sum);
  Shape result = shape;
  result[result.size() - 1] = matrix[1];
  return n.finish(op::Reshape{result}, {sum});
}

}  // namespace stretto::onnx
