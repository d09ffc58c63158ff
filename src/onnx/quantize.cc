// QuantizeLinear and DequantizeLinear, by tensor and by axis.
#include <algorithm>

#include "onnx/formula.h"
#include "onnx/operators.h"
#include "onnx/quantized.h"
#include "onnx/types.h"

namespace stretto::onnx {
namespace {

Status refuse_blocks(NodeContext& n) {
  if (n.integer("block_size", 0) == 0) return n.mistakes();
  return failed("quantisation by blocks (block_size) is not supported; quantise by tensor or by axis");
}

/// The type that attribute output_dtype asks for, or `absent`.
Result<DType> type_asked(NodeContext& n, DType absent) {
  const int64_t asked = n.integer("output_dtype", 0);
  STRETTO_TRY(n.mistakes());
  if (asked == 0) return absent;
  const auto number = static_cast<int>(std::clamp<int64_t>(asked, 0, 1000));
  if (std::optional<DType> type = dtype_from_onnx(number)) return *type;
  return failed("output_dtype " + onnx_type_name(number) + " is not supported; quantise to 8-bit integers");
}

}  // namespace

Status import_quantize_linear(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(refuse_blocks(n));
  if (const DType type = n.type(src).dtype; type != DType::f32 && type != DType::i32) {
    return bad_input("src is " + to_string(n.type(src)) + "; expected float or i32");
  }
  STRETTO_ASSIGN(DType absent, type_asked(n, DType::u8));
  STRETTO_ASSIGN(Scaling scaling, read_scaling(n, 1, 2, absent));
  if (scaling.type != DType::u8 && scaling.type != DType::i8) {
    return failed("quantisation to " + std::string(name_of(scaling.type)) + " is not supported; quantise to 8 bits");
  }
  if (n.has("output_dtype") && absent != scaling.type && n.integer("output_dtype", 0) != 0) {
    return bad_input("output_dtype contradicts the zero point, which is " + std::string(name_of(scaling.type)));
  }
  STRETTO_ASSIGN(Step step, quantize_step(n, src, scaling, n.integer("axis", 1)));
  return n.finish(step.attrs, step.inputs);
}

Status import_dequantize_linear(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(refuse_blocks(n));
  const DType type = n.type(src).dtype;
  if (type != DType::u8 && type != DType::i8 && type != DType::i32) {
    return failed("integers of " + std::string(name_of(type)) + " are not supported; quantise to 8 bits");
  }
  STRETTO_ASSIGN(Scaling scaling, read_scaling(n, 1, 2, type));
  STRETTO_ASSIGN(Step step, dequantize_step(n, src, scaling, n.integer("axis", 1)));
  return n.finish(step.attrs, step.inputs);
}

/// Scale and zero point from the extremes of the data, 0 among them.
Status import_dynamic_quantize_linear(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  Dims axes;
  for (int i = 0; i < n.shape(x).size(); ++i) axes.push_back(i);
  Formula f(n);
  Operand most = f.unary(op::UnaryKind::relu, f.reduce(op::ReduceKind::max, x, axes, false));
  Operand least = f.binary(op::BinaryKind::min, f.reduce(op::ReduceKind::min, x, axes, false), f.number(0));
  Operand scale = f.div(f.sub(most, least), f.number(255));
  auto byte = [&](Operand v) { return f.unary(op::UnaryKind::clip, v, 0, 255); };
  Operand zero = byte(f.map(op::MapKind::round, {f.div(f.unary(op::UnaryKind::neg, least), scale)}));
  Operand y = byte(f.add(f.map(op::MapKind::round, {f.div(x, scale)}), zero));
  STRETTO_TRY(f.bind(f.cast(y, DType::u8), 0));
  STRETTO_TRY(f.bind(scale, 1));
  return f.bind(f.cast(zero, DType::u8), 2);
}

}  // namespace stretto::onnx
