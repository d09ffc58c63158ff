// Several operators in a row, written as a formula: the first failure sticks, and what follows it does nothing, so that
// import functions of decomposed operators read straight on.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "onnx/node_context.h"

namespace stretto::onnx {

/// Steps are named after their operator and number. The node whose result is the last is the caller's to bind.
class Formula {
 public:
  explicit Formula(NodeContext& n) : n_(n) { fail(n.mistakes()); }

  const Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }
  void fail(const Status& status) {
    if (status_.ok()) status_ = status;
  }
  /// Of what a failure left undefined: no axes.
  Shape shape(Operand x) const { return n_.shape(x); }
  DType dtype(Operand x) const { return n_.type(x).dtype; }

  Operand emit(const op::Attrs& attrs, std::initializer_list<Operand> inputs) {
    return emit(attrs, std::span<const Operand>(inputs.begin(), inputs.size()));
  }
  Operand emit(const op::Attrs& attrs, std::span<const Operand> inputs);

  Operand constant(Tensor tensor) { return n_.add_known(std::move(tensor), next("constant")); }
  Operand number(float value) { return constant(scalar_f32(value)); }
  /// `value` as a scalar of x's type.
  Operand like(Operand x, double value) { return constant(scalar_of(dtype(x), value)); }

  Operand unary(op::UnaryKind kind, Operand x, float a = 0, float b = 0) { return emit(op::Unary{kind, a, b}, {x}); }
  Operand linear(Operand x, float a, float b) { return unary(op::UnaryKind::linear, x, a, b); }
  Operand binary(op::BinaryKind kind, Operand x, Operand y) { return emit(op::Binary{kind}, {x, y}); }
  Operand add(Operand x, Operand y) { return binary(op::BinaryKind::add, x, y); }
  Operand sub(Operand x, Operand y) { return binary(op::BinaryKind::sub, x, y); }
  Operand mul(Operand x, Operand y) { return binary(op::BinaryKind::mul, x, y); }
  Operand div(Operand x, Operand y) { return binary(op::BinaryKind::div, x, y); }
  Operand map(op::MapKind kind, std::initializer_list<Operand> inputs, float a = 0, float b = 0) {
    return emit(op::Map{kind, a, b}, inputs);
  }
  Operand select(Operand condition, Operand x, Operand y) { return map(op::MapKind::select, {condition, x, y}); }
  Operand cast(Operand x, DType to) { return ok() && dtype(x) == to ? x : emit(op::Cast{to}, {x}); }
  Operand reduce(op::ReduceKind kind, Operand x, const Dims& axes, bool keepdims = true);
  Operand reshape(Operand x, const Shape& shape) {
    return ok() && this->shape(x) == shape ? x : emit(op::Reshape{shape}, {x});
  }
  Operand transpose(Operand x, const Dims& perm) { return emit(op::Transpose{perm}, {x}); }
  Operand expand(Operand x, const Shape& shape) {
    return ok() && this->shape(x) == shape ? x : emit(op::Expand{shape}, {x});
  }
  /// Elements first, first + step, … of one axis.
  Operand slice(Operand x, int axis, int64_t first, int64_t size, int64_t step = 1);
  /// 0, stride, 2·stride, … (`count` numbers, i64) along `axis` of `rank` axes.
  Operand counting(int64_t count, int64_t stride, int axis, int rank);

  /// The node's output is `x`, or the failure.
  Status bind(Operand x, int output = 0) { return ok() ? n_.bind(output, x) : status_; }

  static Tensor scalar_of(DType type, double value);

 private:
  std::string next(std::string_view what) { return std::string(what) + std::to_string(steps_++); }

  NodeContext& n_;
  Status status_;
  int steps_ = 0;
};

/// The type that arithmetic on `type` is done in: i32 or i64 for narrower integers and booleans, else `type`. u64 is
/// computed as i64: sums and products are right, the others the caller must treat apart.
DType arithmetic_type(DType type);

}  // namespace stretto::onnx
