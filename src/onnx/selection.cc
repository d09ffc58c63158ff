// Operators that order and accumulate: TopK, ArgMax, ArgMin, Hardmax, CumSum, OneHot, NonMaxSuppression.
#include <algorithm>
#include <limits>

#include "onnx/formula.h"
#include "onnx/gathers.h"
#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

/// i64 positions of the largest (smallest) elements along `axis`, which stays with size 1.
Operand extreme(Formula& f, Operand x, int64_t axis, bool largest, bool last) {
  if (!f.ok()) return kAbsent;
  if (f.dtype(x) == DType::boolean) x = f.cast(x, DType::u8);
  if (!last) return f.emit(op::TopK{axis, 1, largest}, {x});
  const int at = static_cast<int>(axis);
  const int64_t size = f.shape(x)[at];
  Operand back = f.emit(op::TopK{axis, 1, largest}, {f.slice(x, at, size - 1, size, -1)});
  return f.sub(f.like(back, static_cast<double>(size - 1)), back);
}

Status import_arg(NodeContext& n, bool largest) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  Shape shape = n.shape(x);
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", 0), shape.size()));
  Formula f(n);
  Operand found = extreme(f, x, axis, largest, n.opset() >= 12 && n.flag("select_last_index", false));
  if (n.flag("keepdims", true)) return f.bind(found);
  Shape rest;
  for (int i = 0; i < shape.size(); ++i) {
    if (i != axis) rest.push_back(shape[i]);
  }
  return f.bind(f.reshape(found, rest));
}

/// Whether each of the `depth` positions is the index: on the axis put in at `axis`.
Operand one_hot(Formula& f, Operand indices, int64_t depth, int axis) {
  if (!f.ok()) return kAbsent;
  Shape with_axis;
  const Shape shape = f.shape(indices);
  for (int i = 0; i <= shape.size(); ++i) {
    if (i == axis) with_axis.push_back(1);
    if (i < shape.size()) with_axis.push_back(shape[i]);
  }
  Operand positions = f.counting(depth, 1, axis, with_axis.size());
  return f.map(op::MapKind::equal, {f.reshape(indices, with_axis), positions});
}

Result<int64_t> known_number(NodeContext& n, int input) {
  Operand operand = n.input(input);
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(Tensor tensor, n.known(operand));
  if (tensor.elements() == 1 && tensor.dtype() == DType::f32) {
    const float value = tensor.as<float>()[0];
    if (std::abs(value) < 1e9f) return static_cast<int64_t>(value);
  }
  if (tensor.elements() == 1 && tensor.dtype() == DType::i64) return tensor.as<int64_t>()[0];
  if (tensor.elements() == 1 && tensor.dtype() == DType::i32) return int64_t{tensor.as<int32_t>()[0]};
  return bad_input("input " + std::to_string(input) + " is " + to_string(tensor.type()) + " where one number belongs");
}

Result<float> known_threshold(NodeContext& n, int input, float absent) {
  if (!n.has_input(input)) return absent;
  STRETTO_ASSIGN(std::vector<float> values, n.known_reals(input));
  if (values.size() != 1) return bad_input("input " + std::to_string(input) + " is not one number");
  return values[0];
}

}  // namespace

Status import_arg_max(NodeContext& n) {
  return import_arg(n, true);
}
Status import_arg_min(NodeContext& n) {
  return import_arg(n, false);
}

Status import_hardmax(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(x);
  const bool flattens = n.opset() < 13;
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", flattens ? 1 : -1), shape.size()));
  Formula f(n);
  Operand lines = x;
  if (flattens) {
    Shape matrix{1, 1};
    for (int i = 0; i < shape.size(); ++i) matrix[i < axis ? 0 : 1] *= shape[i];
    lines = f.reshape(x, matrix);
    axis = 1;
  }
  if (!f.ok()) return f.status();
  const int at = static_cast<int>(axis);
  Operand best = extreme(f, lines, axis, true, false);
  Operand hot = f.map(op::MapKind::equal, {best, f.counting(f.shape(lines)[at], 1, at, f.shape(lines).size())});
  return f.bind(f.reshape(f.cast(hot, DType::f32), shape));
}

Status import_top_k(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", -1), n.shape(x).size()));
  int64_t k = n.integer("k", 1);
  if (n.opset() >= 10) {
    STRETTO_ASSIGN(k, known_number(n, 1));
  }
  Formula f(n);
  Operand indices = f.emit(op::TopK{axis, k, n.opset() < 11 || n.flag("largest", true)}, {x});
  if (n.output_used(0)) STRETTO_TRY(f.bind(gather_elements(f, x, indices, static_cast<int>(axis)), 0));
  return f.bind(indices, 1);
}

Status import_cum_sum(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_ASSIGN(int64_t given, known_number(n, 1));
  STRETTO_ASSIGN(int64_t axis, normalise_axis(given, n.shape(x).size()));
  op::Cumulate attrs{n.op() == "CumProd" ? op::CumulateKind::product : op::CumulateKind::sum, axis,
                     n.flag("exclusive", false), n.flag("reverse", false)};
  const DType type = n.type(x).dtype, wide = arithmetic_type(type);
  if (type == wide) return n.finish(attrs, {x});
  Formula f(n);
  return f.bind(f.cast(f.emit(attrs, {f.cast(x, wide)}), type));
}

Status import_one_hot(NodeContext& n) {
  Operand indices = n.input(0), values = n.input(2);
  STRETTO_ASSIGN(int64_t depth, known_number(n, 1));
  const int rank = n.shape(indices).size();
  if (depth < 1 || depth > (int64_t{1} << 24) || n.shape(values) != Shape{2}) {
    return bad_input("depth must be 1 to 2^24, and values two: off and on");
  }
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", -1), rank + 1));
  Formula f(n);
  Operand whole = f.cast(indices, DType::i64);
  Operand wrapped = f.select(f.map(op::MapKind::less, {whole, f.like(whole, 0)}),
                             f.add(whole, f.like(whole, static_cast<double>(depth))), whole);
  Operand hot = one_hot(f, wrapped, depth, static_cast<int>(axis));
  Operand off = f.reshape(f.slice(values, 0, 0, 1), {}), on = f.reshape(f.slice(values, 0, 1, 1), {});
  return f.bind(f.select(hot, on, off));
}

Status import_non_max_suppression(NodeContext& n) {
  op::NonMaxSuppression attrs;
  attrs.centered = n.flag("center_point_box", false);
  attrs.most = 0;
  if (n.has_input(2)) {
    STRETTO_ASSIGN(attrs.most, known_number(n, 2));
  }
  if (attrs.most <= 0) return failed("max_output_boxes_per_class of 0 selects nothing; give how many boxes to keep");
  STRETTO_ASSIGN(attrs.overlap, known_threshold(n, 3, 0));
  STRETTO_ASSIGN(attrs.score, known_threshold(n, 4, -std::numeric_limits<float>::infinity()));
  n.note("how many boxes are selected depends on the data: the result has room for all, rows of -1 are unused");
  return n.finish(attrs, {n.input(0), n.input(1)});
}

}  // namespace stretto::onnx
