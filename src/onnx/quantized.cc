#include "onnx/quantized.h"

#include <algorithm>
#include <cmath>

namespace stretto::onnx {
namespace {

/// More pieces than this of one tensor are refused.
constexpr int kMostPieces = 64;

template <class T>
bool uniform(const std::vector<T>& values) {
  return std::all_of(values.begin(), values.end(), [&](T v) { return v == values[0]; });
}

std::string of_input(int i) {
  return "input " + std::to_string(i);
}

template <class T>
std::vector<int64_t> widened(const Tensor& tensor) {
  const std::span<const T> values = tensor.as<T>();
  return {values.begin(), values.end()};
}

Result<Tensor> known_list(NodeContext& n, int i, const char* what) {
  Operand operand = n.input(i);
  STRETTO_TRY(n.mistakes());
  auto tensor = n.known(operand);
  if (!tensor.ok()) return tensor.status().in(std::string("the ") + what + " (" + of_input(i) + ")");
  if (tensor->shape().size() > 1) {
    return failed("the " + std::string(what) + " (" + of_input(i) + ") is " + to_string(tensor->type()) +
                  ": quantisation by blocks is not supported; quantise by tensor or by axis");
  }
  if (tensor->elements() == 0) return bad_input("the " + std::string(what) + " (" + of_input(i) + ") is empty");
  return tensor;
}

/// The shape that broadcasts a list along `axis` of a tensor of that rank.
Shape along(int64_t count, int64_t axis, int rank) {
  Shape shape = Shape::filled(rank, 1);
  shape[static_cast<int>(axis)] = count;
  return shape;
}

Tensor floats_of(const std::vector<float>& values, Shape shape) {
  return Tensor::of<float>(DType::f32, shape, values);
}

/// Brings `axis` in order and checks that there is a scale for each index of it.
Status check_axis(NodeContext& n, Operand src, const Scaling& scaling, int64_t& axis) {
  const Shape shape = n.shape(src);
  if (scaling.scales.size() == 1) {
    axis = shape.size() > 1 ? 1 : 0;
    return {};
  }
  STRETTO_ASSIGN(axis, normalise_axis(axis, shape.size()));
  if (shape[static_cast<int>(axis)] == static_cast<int64_t>(scaling.scales.size())) return {};
  return bad_input("there are " + std::to_string(scaling.scales.size()) + " scales for axis " + std::to_string(axis) +
                   " of " + to_string(n.type(src)));
}

}  // namespace

Result<std::vector<int64_t>> read_zeros(NodeContext& n, int zero, DType type) {
  if (zero < 0 || !n.has_input(zero)) return std::vector<int64_t>{0};
  STRETTO_ASSIGN(Tensor tensor, known_list(n, zero, "zero point"));
  if (tensor.dtype() != type) {
    return bad_input("the zero point (" + of_input(zero) + ") is " + to_string(tensor.type()) + " for a tensor of " +
                     std::string(name_of(type)));
  }
  switch (type) {
    case DType::u8:
      return widened<uint8_t>(tensor);
    case DType::i8:
      return widened<int8_t>(tensor);
    case DType::i32: {
      std::vector<int64_t> zeros = widened<int32_t>(tensor);
      if (uniform(zeros) && zeros[0] == 0) return zeros;
      return bad_input("the zero point (" + of_input(zero) + ") of an i32 tensor must be 0");
    }
    default:
      return failed("quantisation to " + std::string(name_of(type)) + " is not supported; quantise to 8 bits");
  }
}

Result<Scaling> read_scaling(NodeContext& n, int scale, int zero, DType absent) {
  STRETTO_ASSIGN(Tensor scales, known_list(n, scale, "scale"));
  if (scales.dtype() != DType::f32) {
    return bad_input("the scale (" + of_input(scale) + ") is " + to_string(scales.type()) + "; expected float");
  }
  Scaling scaling;
  scaling.scales.assign(scales.as<float>().begin(), scales.as<float>().end());
  for (float s : scaling.scales) {
    if (std::isfinite(s) && s > 0) continue;
    return bad_input("the scale (" + of_input(scale) + ") holds " + std::to_string(s) +
                     "; every scale must be finite and above zero");
  }
  scaling.type = zero >= 0 && n.has_input(zero) ? n.type(n.input(zero)).dtype : absent;
  STRETTO_ASSIGN(scaling.zeros, read_zeros(n, zero, scaling.type));
  const size_t count = scaling.scales.size();
  if (scaling.zeros.size() == 1) scaling.zeros.resize(count, scaling.zeros[0]);
  if (scaling.zeros.size() != count) {
    return bad_input("there are " + std::to_string(scaling.zeros.size()) + " zero points and " + std::to_string(count) +
                     " scales");
  }
  return scaling;
}

Result<Step> dequantize_step(NodeContext& n, Operand src, const Scaling& scaling, int64_t axis) {
  if (n.type(src).dtype != scaling.type) {
    return bad_input("the integers are " + to_string(n.type(src)) + ", their zero point is " +
                     std::string(name_of(scaling.type)));
  }
  STRETTO_TRY(check_axis(n, src, scaling, axis));
  const auto count = static_cast<int64_t>(scaling.scales.size());
  if (uniform(scaling.zeros)) {
    return Step{op::Dequantize{scaling.zeros[0], axis},
                {src, n.add_known(floats_of(scaling.scales, {count}), "scale")}};
  }
  // Bytes less their zero point are exact in f32, so this is the same one rounding.
  const Shape shape = along(count, axis, n.shape(src).size());
  const std::vector<float> zeros(scaling.zeros.begin(), scaling.zeros.end());
  Operand one = n.add_known(floats_of({1}, {1}), "one");
  STRETTO_ASSIGN(Operand real, n.emit(op::Dequantize{0, axis}, {src, one}, "real"));
  STRETTO_ASSIGN(Operand difference, n.emit(op::Binary{op::BinaryKind::sub},
                                            {real, n.add_known(floats_of(zeros, shape), "zero")}, "difference"));
  return Step{op::Binary{op::BinaryKind::mul}, {difference, n.add_known(floats_of(scaling.scales, shape), "scale")}};
}

Result<Step> quantize_step(NodeContext& n, Operand src, const Scaling& scaling, int64_t axis) {
  if (n.type(src).dtype == DType::i32) {
    STRETTO_ASSIGN(src, n.emit(op::Cast{DType::f32}, {src}, "real"));
  }
  STRETTO_TRY(check_axis(n, src, scaling, axis));
  float scale = scaling.scales[0];
  if (!uniform(scaling.scales)) {
    const Shape shape = along(static_cast<int64_t>(scaling.scales.size()), axis, n.shape(src).size());
    Operand divisor = n.add_known(floats_of(scaling.scales, shape), "scale");
    STRETTO_ASSIGN(src, n.emit(op::Binary{op::BinaryKind::div}, {src, divisor}, "scaled"));
    scale = 1;
  }
  const std::vector<int64_t>& zeros = scaling.zeros;
  if (uniform(zeros)) return Step{op::Quantize{scale, zeros[0], scaling.type}, {src}};

  // Pieces with one zero point each.
  const Shape shape = n.shape(src);
  std::vector<Operand> pieces;
  for (size_t first = 0, next = 0; first < zeros.size(); first = next) {
    while (next < zeros.size() && zeros[next] == zeros[first]) ++next;
    if (pieces.size() == kMostPieces) {
      return failed("more than " + std::to_string(kMostPieces) +
                    " zero points along one axis are not supported; quantise this tensor symmetrically");
    }
    op::Slice slice{Dims::filled(shape.size(), 0), Dims::filled(shape.size(), 1), shape};
    slice.starts[static_cast<int>(axis)] = static_cast<int64_t>(first);
    slice.sizes[static_cast<int>(axis)] = static_cast<int64_t>(next - first);
    const std::string name = "piece" + std::to_string(pieces.size());
    STRETTO_ASSIGN(Operand piece, n.emit(slice, {src}, name + "/real"));
    STRETTO_ASSIGN(piece, n.emit(op::Quantize{scale, zeros[first], scaling.type}, {piece}, name));
    pieces.push_back(piece);
  }
  return Step{op::Concat{axis}, pieces};
}

Result<Operand> dequantized_input(NodeContext& n, int src, int64_t axis) {
  Operand integers = n.input(src);
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(Scaling scaling, read_scaling(n, src + 1, src + 2, n.type(integers).dtype));
  STRETTO_ASSIGN(Step step, dequantize_step(n, integers, scaling, axis));
  return n.emit(step.attrs, step.inputs, "real" + std::to_string(src));
}

Status finish_quantized(NodeContext& n, Operand real, int scale) {
  STRETTO_ASSIGN(Scaling scaling, read_scaling(n, scale, scale + 1, DType::u8));
  STRETTO_ASSIGN(Step step, quantize_step(n, real, scaling, 1));
  return n.finish(step.attrs, step.inputs);
}

}  // namespace stretto::onnx
