// Operators on quantised tensors, ONNX's (QLinear…) and ONNX Runtime's: each is its float operator between
// dequantisation and quantisation. Passes make integer operators of that form.
#include "onnx/operators.h"
#include "onnx/quantized.h"
#include "onnx/spatial.h"

namespace stretto::onnx {
namespace {

Status refuse_channels_last(NodeContext& n) {
  if (!n.flag("channels_last", false)) return n.mistakes();
  return failed("channels_last is not supported; export the network with channels before height and width");
}

/// Input `bias`, i32 in units of factor · src's scale · weights' scales: input `src_scale` and `weights_scale`.
Result<Operand> dequantized_bias(NodeContext& n, int bias, int src_scale, int weights_scale, float factor) {
  Operand integers = n.input(bias);
  STRETTO_TRY(n.mistakes());
  if (n.type(integers).dtype != DType::i32) {
    return bad_input("the bias is " + to_string(n.type(integers)) + "; expected i32");
  }
  STRETTO_ASSIGN(Scaling src, read_scaling(n, src_scale, -1, DType::u8));
  STRETTO_ASSIGN(Scaling weights, read_scaling(n, weights_scale, -1, DType::i8));
  if (src.scales.size() != 1) return failed("several scales of src are not supported; quantise it by tensor");
  Scaling scaling{weights.scales, std::vector<int64_t>(weights.scales.size(), 0), DType::i32};
  for (float& s : scaling.scales) s = factor * (src.scales[0] * s);
  STRETTO_ASSIGN(Step step, dequantize_step(n, integers, scaling, n.shape(integers).size() - 1));
  return n.emit(step.attrs, step.inputs, "bias");
}

/// A, its scale, its zero point, B's likewise, the result's likewise.
Status import_binary(NodeContext& n, op::BinaryKind kind) {
  STRETTO_ASSIGN(Operand x, dequantized_input(n, 0));
  STRETTO_ASSIGN(Operand y, dequantized_input(n, 3));
  STRETTO_ASSIGN(Operand result, n.emit(op::Binary{kind}, {x, y}, "result"));
  return finish_quantized(n, result, 6);
}

Status import_unary(NodeContext& n, const op::Attrs& attrs) {
  STRETTO_ASSIGN(Operand x, dequantized_input(n, 0));
  STRETTO_ASSIGN(Operand result, n.emit(attrs, {x}, "result"));
  return finish_quantized(n, result, 3);
}

}  // namespace

Status import_qlinear_conv(NodeContext& n) {
  STRETTO_TRY(refuse_channels_last(n));
  STRETTO_ASSIGN(Operand src, dequantized_input(n, 0));
  STRETTO_ASSIGN(Operand weights, dequantized_input(n, 3, 0));
  STRETTO_ASSIGN(op::Conv attrs, read_conv(n, src, weights));
  std::vector<Operand> inputs{src, weights};
  if (n.has_input(8)) {
    STRETTO_ASSIGN(Operand bias, dequantized_bias(n, 8, 1, 4, 1));
    inputs.push_back(bias);
  }
  STRETTO_ASSIGN(Operand result, n.emit(attrs, inputs, "result"));
  return finish_quantized(n, result, 6);
}

Status import_qlinear_matmul(NodeContext& n) {
  STRETTO_ASSIGN(Operand a, dequantized_input(n, 0, -2));
  STRETTO_ASSIGN(Operand b, dequantized_input(n, 3, -1));
  STRETTO_ASSIGN(Operand result, n.emit(op::MatMul{}, {a, b}, "result"));
  return finish_quantized(n, result, 6);
}

Status import_qgemm(NodeContext& n) {
  op::Gemm attrs{n.flag("transA", false), n.flag("transB", false), n.real("alpha", 1), 1};
  STRETTO_ASSIGN(Operand a, dequantized_input(n, 0));
  STRETTO_ASSIGN(Operand b, dequantized_input(n, 3, attrs.trans_b ? 0 : 1));
  std::vector<Operand> inputs{a, b};
  if (n.has_input(6)) {
    STRETTO_ASSIGN(Operand c, dequantized_bias(n, 6, 1, 4, attrs.alpha));
    inputs.push_back(c);
  }
  if (!n.has_input(7)) return n.finish(attrs, inputs);
  STRETTO_ASSIGN(Operand result, n.emit(attrs, inputs, "result"));
  return finish_quantized(n, result, 7);
}

Status import_qlinear_add(NodeContext& n) {
  return import_binary(n, op::BinaryKind::add);
}
Status import_qlinear_mul(NodeContext& n) {
  return import_binary(n, op::BinaryKind::mul);
}

Status import_qlinear_average_pool(NodeContext& n) {
  STRETTO_TRY(refuse_channels_last(n));
  STRETTO_ASSIGN(Operand x, dequantized_input(n, 0));
  STRETTO_ASSIGN(op::Pool attrs, read_pool(n, x, op::PoolKind::average));
  STRETTO_ASSIGN(Operand result, n.emit(attrs, {x}, "result"));
  return finish_quantized(n, result, 3);
}

Status import_qlinear_global_average_pool(NodeContext& n) {
  STRETTO_TRY(refuse_channels_last(n));
  STRETTO_ASSIGN(Operand x, dequantized_input(n, 0));
  STRETTO_ASSIGN(Operand result, n.emit(global_pool(n, x, op::ReduceKind::mean), {x}, "result"));
  return finish_quantized(n, result, 3);
}

Status import_qlinear_concat(NodeContext& n) {
  if (n.input_count() < 5 || (n.input_count() - 2) % 3 != 0) {
    return bad_input("there are " + std::to_string(n.input_count()) + " inputs; expected two and three a tensor");
  }
  std::vector<Operand> parts;
  for (int i = 2; i < n.input_count(); i += 3) {
    STRETTO_ASSIGN(Operand part, dequantized_input(n, i));
    parts.push_back(part);
  }
  if (!n.has("axis")) return bad_input("attribute 'axis' is missing");
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", 0), n.shape(parts[0]).size()));
  STRETTO_ASSIGN(Operand result, n.emit(op::Concat{axis}, parts, "result"));
  return finish_quantized(n, result, 0);
}

Status import_qlinear_sigmoid(NodeContext& n) {
  return import_unary(n, op::Unary{op::UnaryKind::sigmoid});
}
Status import_qlinear_leaky_relu(NodeContext& n) {
  return import_unary(n, op::Unary{op::UnaryKind::leaky_relu, n.real("alpha", 0.01f)});
}

}  // namespace stretto::onnx
