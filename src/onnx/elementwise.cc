// Element by element: one input, two with broadcasting, or any number as a chain.
#include "onnx/formula.h"
#include "onnx/operators.h"
#include "op/map_function.h"

namespace stretto::onnx {
namespace {

using op::BinaryKind;
using op::UnaryKind;

/// Integers that no arithmetic is done in, and the wider ones that stand in for them.
bool is_narrow(DType type) {
  return arithmetic_type(type) != type;
}

Status import_unary(NodeContext& n, UnaryKind kind) {
  Operand x = n.input(0);
  const DType type = n.type(x).dtype;
  if (!is_narrow(type) || (kind != UnaryKind::abs && kind != UnaryKind::neg)) return n.finish(op::Unary{kind}, {x});
  if (kind == UnaryKind::abs && op::is_unsigned(type)) return n.bind(0, x);
  Formula f(n);
  return f.bind(f.cast(f.unary(kind, f.cast(x, arithmetic_type(type))), type));
}

/// x ∘ y in wider integers, then wrapped.
Operand widened(Formula& f, BinaryKind kind, Operand x, Operand y) {
  if (!f.ok()) return kAbsent;
  const DType type = f.dtype(x), wide = arithmetic_type(type);
  const bool ordered = kind == BinaryKind::min || kind == BinaryKind::max;
  if (type != f.dtype(y)) {
    f.fail(bad_input("inputs have different element types"));
  } else if (type == DType::u64 && ordered) {
    Operand less = f.map(op::MapKind::less, {x, y});
    return kind == BinaryKind::min ? f.select(less, x, y) : f.select(less, y, x);
  } else if (type == DType::u64 && (kind == BinaryKind::div || kind == BinaryKind::pow)) {
    f.fail(failed("quotients and powers of u64 are not supported; cast to i64"));
  }
  return f.cast(f.binary(kind, f.cast(x, wide), f.cast(y, wide)), type);
}

Status import_binary(NodeContext& n, BinaryKind kind) {
  Operand x = n.input(0), y = n.input(1);
  if (!is_narrow(n.type(x).dtype)) return n.finish(op::Binary{kind}, {x, y});
  Formula f(n);
  return f.bind(widened(f, kind, x, y));
}

/// ((a ∘ b) ∘ c) ∘ …; a single input is the result.
Status import_chain(NodeContext& n, BinaryKind kind) {
  Operand total = n.input(0);
  if (n.input_count() == 1) return n.bind(0, total);
  if (is_narrow(n.type(total).dtype)) {
    Formula f(n);
    for (int i = 1; i < n.input_count(); ++i) total = widened(f, kind, total, n.input(i));
    return f.bind(total);
  }
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
Status import_mean(NodeContext& n) {
  Formula f(n);
  Operand total = n.input(0);
  for (int i = 1; i < n.input_count(); ++i) total = f.add(total, n.input(i));
  return f.bind(f.linear(total, 1.0f / static_cast<float>(n.input_count()), 0));
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
  if (!is_float(n.type(exponent).dtype)) {  // of another integer type
    const DType wide = arithmetic_type(type);
    STRETTO_ASSIGN(base, n.emit(op::Cast{wide}, {base}, "base"));
    STRETTO_ASSIGN(exponent, n.emit(op::Cast{wide}, {exponent}, "exponent"));
    STRETTO_ASSIGN(Operand power, n.emit(pow, {base, exponent}, "pow"));
    return n.finish(op::Cast{type}, {power});
  }
  // Integers to a real power are computed as real numbers, then cut.
  STRETTO_ASSIGN(base, n.emit(op::Cast{n.type(exponent).dtype}, {base}, "base"));
  STRETTO_ASSIGN(Operand power, n.emit(pow, {base, exponent}, "pow"));
  return n.finish(op::Cast{type}, {power});
}

}  // namespace stretto::onnx
