// Element by element: one input, two with broadcasting, or any number as a chain.
#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

using op::BinaryKind;
using op::UnaryKind;

Status import_unary(NodeContext& n, UnaryKind kind) {
  return n.finish(op::Unary{kind}, {n.input(0)});
}

Status import_binary(NodeContext& n, BinaryKind kind) {
  return n.finish(op::Binary{kind}, {n.input(0), n.input(1)});
}

/// ((a ∘ b) ∘ c) ∘ …; a single input is the result.
Status import_chain(NodeContext& n, BinaryKind kind) {
  Operand total = n.input(0);
  if (n.input_count() == 1) return n.bind(0, total);
  for (int i = 1; i + 1 < n.input_count(); ++i) {
    STRETTO_ASSIGN(total, n.emit(op::Binary{kind}, {total, n.input(i)}, std::to_string(i)));
  }
  return n.finish(op::Binary{kind}, {total, n.input(n.input_count() - 1)});
}

}  // namespace

Status import_exp(NodeContext& n) {
  return import_unary(n, UnaryKind::exp);
}
Status import_sqrt(NodeContext& n) {
  return import_unary(n, UnaryKind::sqrt);
}
Status import_neg(NodeContext& n) {
  return import_unary(n, UnaryKind::neg);
}
Status import_abs(NodeContext& n) {
  return import_unary(n, UnaryKind::abs);
}
Status import_reciprocal(NodeContext& n) {
  return import_unary(n, UnaryKind::reciprocal);
}
Status import_add(NodeContext& n) {
  return import_binary(n, BinaryKind::add);
}
Status import_sub(NodeContext& n) {
  return import_binary(n, BinaryKind::sub);
}
Status import_mul(NodeContext& n) {
  return import_binary(n, BinaryKind::mul);
}
Status import_div(NodeContext& n) {
  return import_binary(n, BinaryKind::div);
}
Status import_min(NodeContext& n) {
  return import_chain(n, BinaryKind::min);
}
Status import_max(NodeContext& n) {
  return import_chain(n, BinaryKind::max);
}
Status import_sum(NodeContext& n) {
  return import_chain(n, BinaryKind::add);
}

Status import_pow(NodeContext& n) {
  Operand base = n.input(0), exponent = n.input(1);
  STRETTO_TRY(n.mistakes());
  const DType type = n.type(base).dtype;
  op::Binary pow{BinaryKind::pow};
  if (type == n.type(exponent).dtype) return n.finish(pow, {base, exponent});
  if (is_float(type)) {
    STRETTO_ASSIGN(exponent, n.emit(op::Cast{type}, {exponent}, "exponent"));
    return n.finish(pow, {base, exponent});
  }
  // Integers to a real power are computed as real numbers, then cut.
  STRETTO_ASSIGN(base, n.emit(op::Cast{n.type(exponent).dtype}, {base}, "base"));
  STRETTO_ASSIGN(Operand power, n.emit(pow, {base, exponent}, "pow"));
  return n.finish(op::Cast{type}, {power});
}

}  // namespace stretto::onnx
