// Products of dequantised values: the integers are multiplied, and the sum is dequantised by the product of the scales.
#include <algorithm>
#include <cmath>

#include "passes/quantized.h"

namespace stretto::passes {

namespace {

constexpr double kMostBias = 1 << 30;

/// Weights less their zero point, with the scale of each output channel.
struct Weights {
  Tensor integers;
  std::vector<float> scales;
};

/// Nothing if the differences do not fit i8.
std::optional<Tensor> centred(const Tensor& tensor, int64_t zero) {
  if (tensor.dtype() == DType::i8 && zero == 0) return tensor;
  Tensor result(TensorType{DType::i8, tensor.shape()});
  std::span<int8_t> values = result.as_mutable<int8_t>();
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t w = tensor.dtype() == DType::u8 ? int64_t{tensor.as<uint8_t>()[i]} : int64_t{tensor.as<int8_t>()[i]};
    if (w - zero < -128 || w - zero > 127) return std::nullopt;
    values[i] = static_cast<int8_t>(w - zero);
  }
  return result;
}

/// `channels` output channels along `axis`, or a multiple of what the axis has (groups repeat it).
std::optional<Weights> match_weights(const ir::Graph& graph, ir::ValueId id, int64_t axis, int64_t channels) {
  std::optional<Dequantized> found = match_dequantized(graph, id);
  if (!found) return std::nullopt;
  const ir::Value& v = graph.value(found->integers);
  if (!v.is_constant() || (v.type.dtype != DType::u8 && v.type.dtype != DType::i8)) return std::nullopt;
  if (found->scales.size() > 1 && found->axis != axis) return std::nullopt;
  std::optional<Tensor> integers = centred(v.constant, found->zero);
  if (!integers) return std::nullopt;
  std::vector<float> scales(static_cast<size_t>(channels));
  for (size_t i = 0; i < scales.size(); ++i) scales[i] = found->scales[i % found->scales.size()];
  return Weights{*integers, scales};
}

/// A constant's numbers, dequantised where they are integers.
std::optional<std::vector<double>> constant_numbers(const ir::Graph& graph, ir::ValueId id) {
  std::vector<double> numbers;
  if (is_weight(graph, id)) {
    for (float v : graph.value(id).constant.as<float>()) numbers.push_back(v);
    return numbers;
  }
  std::optional<Dequantized> found = match_dequantized(graph, id);
  if (!found || !graph.value(found->integers).is_constant()) return std::nullopt;
  const Tensor& integers = graph.value(found->integers).constant;
  if (integers.dtype() != DType::i32) return std::nullopt;
  // A bias has its channels last: scales repeat along them.
  if (found->scales.size() > 1 && found->axis != integers.shape().size() - 1) return std::nullopt;
  for (size_t i = 0; i < integers.as<int32_t>().size(); ++i) {
    const double difference = static_cast<double>(integers.as<int32_t>()[i]) - static_cast<double>(found->zero);
    numbers.push_back(difference * double{found->scales[i % found->scales.size()]});
  }
  return numbers;
}

/// The bias in units of the scales, at factor `beta`.
std::optional<Tensor> match_bias(const ir::Graph& graph, ir::ValueId id, const std::vector<double>& units,
                                 double beta) {
  std::optional<std::vector<double>> numbers = constant_numbers(graph, id);
  if (!numbers || (numbers->size() != 1 && numbers->size() != units.size())) return std::nullopt;
  const Shape& shape = graph.value(id).type.shape;
  if (numbers->size() > 1 && shape.back() != static_cast<int64_t>(units.size())) return std::nullopt;
  std::vector<int32_t> bias(units.size());
  for (size_t i = 0; i < units.size(); ++i) {
    const double integer = std::nearbyint(beta * (*numbers)[i % numbers->size()] / units[i]);
    if (!(std::abs(integer) <= kMostBias)) return std::nullopt;
    bias[i] = static_cast<int32_t>(integer);
  }
  return Tensor::of<int32_t>(DType::i32, {static_cast<int64_t>(bias.size())}, bias);
}

/// What a product needs, once everything fits.
struct Operands {
  Dequantized src;
  Tensor weights;
  std::vector<float> scales;  // of the sums
  std::optional<Tensor> bias;
};

std::optional<Operands> match_operands(const ir::Graph& graph, ir::NodeId id, int64_t axis, int64_t channels,
                                       double alpha = 1, double beta = 1) {
  const std::vector<ir::ValueId>& in = graph.node(id).inputs;
  std::optional<Dequantized> src = match_dequantized_bytes(graph, in[0]);
  if (!src || graph.value(src->integers).type.dtype != DType::u8 || !(alpha > 0)) return std::nullopt;
  std::optional<Weights> weights = match_weights(graph, in[1], axis, channels);
  if (!weights) return std::nullopt;
  Operands operands{*src, weights->integers, {}, {}};
  std::vector<double> units;
  for (float s : weights->scales) {
    units.push_back(alpha * double{src->scales[0]} * double{s});
    if (!is_usable_scale(units.back())) return std::nullopt;
    operands.scales.push_back(static_cast<float>(units.back()));
  }
  if (in.size() > 2) {
    operands.bias = match_bias(graph, in[2], units, beta);
    if (!operands.bias) return std::nullopt;
  }
  return operands;
}

/// The node becomes the dequantised sum, in its own shape.
Result<bool> write(ir::Graph& graph, ir::NodeId id, const op::Attrs& attrs, const Operands& operands, ir::ValueId src) {
  const std::string name = graph.node(id).name;
  std::vector<ir::ValueId> inputs{src, graph.add_constant(name + "_weights", operands.weights)};
  if (operands.bias) inputs.push_back(graph.add_constant(name + "_bias", *operands.bias));
  std::optional<TensorType> type = type_if_valid(graph, attrs, inputs);
  if (!type) return false;
  const ir::NodeId made = graph.node_count();
  STRETTO_ASSIGN(ir::ValueId sum, graph.add_node(name + "_real", attrs, inputs));
  std::vector<ir::ValueId> dequantize{sum, add_scales(graph, name, operands.scales)};
  const Shape shape = output_type(graph, id).shape;
  if (type->shape == shape) {
    STRETTO_TRY(graph.replace_node(id, op::Dequantize{0, 1}, dequantize));
  } else {
    STRETTO_ASSIGN(ir::ValueId real, graph.add_node(name + "_rows", op::Dequantize{0, 1}, dequantize));
    STRETTO_TRY(graph.replace_node(id, op::Reshape{shape}, {real}));
  }
  graph.swap_node_names(id, made);
  return true;
}

Tensor transposed(const Tensor& matrix) {
  const int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  Tensor result(TensorType{DType::i8, {columns, rows}});
  std::span<int8_t> values = result.as_mutable<int8_t>();
  for (int64_t i = 0; i < rows * columns; ++i) {
    values[static_cast<size_t>(i % columns * rows + i / columns)] = matrix.as<int8_t>()[static_cast<size_t>(i)];
  }
  return result;
}

Result<bool> lower_conv(ir::Graph& graph, ir::NodeId id, const op::Conv& conv) {
  std::optional<Operands> operands = match_operands(graph, id, 0, output_type(graph, id).shape[1]);
  if (!operands) return false;
  op::ConvInteger attrs;
  static_cast<op::Conv&>(attrs) = conv;
  attrs.zero = operands->src.zero;
  return write(graph, id, attrs, *operands, operands->src.integers);
}

Result<bool> lower_conv_transpose(ir::Graph& graph, ir::NodeId id, const op::ConvTranspose& conv) {
  std::optional<Operands> operands = match_operands(graph, id, 1, output_type(graph, id).shape[1]);
  if (!operands) return false;
  op::ConvTransposeInteger attrs;
  static_cast<op::ConvTranspose&>(attrs) = conv;
  attrs.zero = operands->src.zero;
  return write(graph, id, attrs, *operands, operands->src.integers);
}

Result<bool> lower_gemm(ir::Graph& graph, ir::NodeId id, const op::Gemm& gemm) {
  if (gemm.trans_a) return false;
  std::optional<Operands> operands =
      match_operands(graph, id, gemm.trans_b ? 0 : 1, output_type(graph, id).shape[1], gemm.alpha, gemm.beta);
  if (!operands) return false;
  if (!gemm.trans_b) operands->weights = transposed(operands->weights);
  return write(graph, id, op::GemmInteger{operands->src.zero}, *operands, operands->src.integers);
}

/// With a matrix on the right; whatever axes the left has become rows.
Result<bool> lower_matmul(ir::Graph& graph, ir::NodeId id) {
  const std::vector<ir::ValueId>& in = graph.node(id).inputs;
  const Shape a = graph.value(in[0]).type.shape, b = graph.value(in[1]).type.shape;
  if (a.size() < 2 || b.size() != 2 || output_type(graph, id).elements() == 0) return false;
  std::optional<Operands> operands = match_operands(graph, id, 1, b[1]);
  if (!operands) return false;
  operands->weights = transposed(operands->weights);
  ir::ValueId rows = operands->src.integers;
  if (a.size() > 2) {
    const int64_t count = graph.value(rows).type.elements() / a.back();
    STRETTO_ASSIGN(rows, graph.add_node(graph.node(id).name + "_source", op::Reshape{{count, a.back()}}, {rows}));
  }
  return write(graph, id, op::GemmInteger{operands->src.zero}, *operands, rows);
}

Result<bool> lower(ir::Graph& graph, ir::NodeId id) {
  const op::Attrs attrs = graph.node(id).attrs;
  if (const auto* conv = std::get_if<op::Conv>(&attrs)) return lower_conv(graph, id, *conv);
  if (const auto* conv = std::get_if<op::ConvTranspose>(&attrs)) return lower_conv_transpose(graph, id, *conv);
  if (const auto* gemm = std::get_if<op::Gemm>(&attrs)) return lower_gemm(graph, id, *gemm);
  if (std::holds_alternative<op::MatMul>(attrs)) return lower_matmul(graph, id);
  return false;
}

}  // namespace

Result<int> lower_products(ir::Graph& graph) {
  int rewrites = 0;
  for (ir::NodeId id : graph.topological_order()) {
    STRETTO_ASSIGN(bool lowered, lower(graph, id));
    rewrites += lowered;
  }
  return rewrites;
}

}  // namespace stretto::passes
