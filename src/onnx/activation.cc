// Activations: unary operators with constants inside, PRelu and Clip.
#include <limits>
#include <optional>

#include "onnx/formula.h"
#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

using op::UnaryKind;

constexpr float kLowest = std::numeric_limits<float>::lowest();
constexpr float kHighest = std::numeric_limits<float>::max();

/// A bound that is known and a scalar; nothing where it is computed by the network.
Result<std::optional<float>> known_bound(NodeContext& n, int input, float absent) {
  if (!n.has_input(input)) return std::optional<float>(absent);
  Operand operand = n.input(input);
  if (!n.is_known(operand) || n.type(operand).dtype != DType::f32) return std::optional<float>();
  STRETTO_ASSIGN(std::vector<float> values, n.known_reals(input));
  if (values.size() != 1) return bad_input("input " + std::to_string(input) + " is not a scalar");
  return std::optional<float>(values[0]);
}

}  // namespace

Status import_relu(NodeContext& n) {
  const DType type = n.type(n.input(0)).dtype;
  if (const DType wide = arithmetic_type(type); wide != type) {
    Formula f(n);
    return f.bind(f.cast(f.unary(UnaryKind::relu, f.cast(n.input(0), wide)), type));
  }
  return n.finish(op::Unary{UnaryKind::relu}, {n.input(0)});
}

Status import_leaky_relu(NodeContext& n) {
  return n.finish(op::Unary{UnaryKind::leaky_relu, n.real("alpha", 0.01f)}, {n.input(0)});
}

Status import_prelu(NodeContext& n) {
  if (!is_float(n.type(n.input(0)).dtype)) return failed("integers are not supported here; cast to float");
  return n.finish(op::Binary{op::BinaryKind::prelu}, {n.input(0), n.input(1)});
}

Status import_clip_attributes(NodeContext& n) {
  return n.finish(op::Unary{UnaryKind::clip, n.real("min", kLowest), n.real("max", kHighest)}, {n.input(0)});
}

Status import_clip(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_ASSIGN(std::optional<float> low, known_bound(n, 1, kLowest));
  STRETTO_ASSIGN(std::optional<float> high, known_bound(n, 2, kHighest));
  if (low && high && n.type(src).dtype == DType::f32) return n.finish(op::Unary{UnaryKind::clip, *low, *high}, {src});
  const DType type = n.type(src).dtype;
  if (const DType wide = arithmetic_type(type); wide != type) {
    Formula f(n);
    Operand x = f.cast(src, wide);
    if (type == DType::u64) return failed("bounds of u64 are not supported; cast to i64");
    if (n.has_input(1)) x = f.binary(op::BinaryKind::max, x, f.cast(n.input(1), wide));
    if (n.has_input(2)) x = f.binary(op::BinaryKind::min, x, f.cast(n.input(2), wide));
    return f.bind(f.cast(x, type));
  }
  if (n.has_input(1)) {
    op::Binary at_least{op::BinaryKind::max};
    if (!n.has_input(2)) return n.finish(at_least, {src, n.input(1)});
    STRETTO_ASSIGN(src, n.emit(at_least, {src, n.input(1)}, "max"));
  }
  if (!n.has_input(2)) return n.bind(0, src);
  return n.finish(op::Binary{op::BinaryKind::min}, {src, n.input(2)});
}

Status import_sigmoid(NodeContext& n) {
  return n.finish(op::Unary{UnaryKind::sigmoid}, {n.input(0)});
}

Status import_hard_sigmoid(NodeContext& n) {
  return n.finish(op::Unary{UnaryKind::hard_sigmoid, n.real("alpha", 0.2f), n.real("beta", 0.5f)}, {n.input(0)});
}

Status import_hard_swish(NodeContext& n) {
  return n.finish(op::Unary{UnaryKind::hard_swish}, {n.input(0)});
}

Status import_swish(NodeContext& n) {
  Operand src = n.input(0);
  const float alpha = n.real("alpha", 1);
  if (alpha == 1) return n.finish(op::Unary{UnaryKind::swish}, {src});
  STRETTO_ASSIGN(Operand scaled, n.emit(op::Unary{UnaryKind::linear, alpha, 0}, {src}, "scale"));
  STRETTO_ASSIGN(Operand gate, n.emit(op::Unary{UnaryKind::sigmoid}, {scaled}, "sigmoid"));
  return n.finish(op::Binary{op::BinaryKind::mul}, {src, gate});
}

Status import_tanh(NodeContext& n) {
  return n.finish(op::Unary{UnaryKind::tanh}, {n.input(0)});
}

}  // namespace stretto::onnx
