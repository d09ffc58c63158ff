// Reductions: axes as an attribute, or as an input since opset 13 (sum) and 18 (the others).
#include "onnx/formula.h"
#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

using op::ReduceKind;
using op::UnaryKind;

struct Reduction {
  Dims axes;  // rising; empty: nothing is reduced
  bool keepdims = true;
};

Result<Reduction> read_reduction(NodeContext& n, int64_t axes_are_input_since) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const int rank = n.shape(src).size();
  Reduction reduction{{}, n.flag("keepdims", true)};
  if (n.opset() < axes_are_input_since) {
    reduction.axes = n.integers("axes").value_or(Dims{});
  } else if (n.has_input(1)) {
    STRETTO_ASSIGN(reduction.axes, n.known_integers(1));
  }
  if (reduction.axes.empty()) {
    if (n.opset() >= axes_are_input_since && n.flag("noop_with_empty_axes", false)) return reduction;
    for (int i = 0; i < rank; ++i) reduction.axes.push_back(i);
  }
  STRETTO_ASSIGN(reduction.axes, normalise_axes(reduction.axes, rank));
  return reduction;
}

/// Before opset 18 (13 for sums) attributes, then inputs.
Status import_reduce(NodeContext& n, ReduceKind kind, int64_t axes_are_input_since) {
  STRETTO_ASSIGN(Reduction r, read_reduction(n, axes_are_input_since));
  Operand src = n.input(0);
  if (r.axes.empty()) return n.bind(0, src);
  const DType type = n.type(src).dtype, wide = arithmetic_type(type);
  const op::Reduce attrs{kind, r.axes, r.keepdims};
  const bool bytes = type == DType::u8 || type == DType::i8;
  if (type == wide || bytes) return n.finish(attrs, {src});
  if (type == DType::u64 && kind != ReduceKind::sum) return failed("u64 is not supported here; cast to i64");
  Formula f(n);
  return f.bind(f.cast(f.emit(attrs, {f.cast(src, wide)}), type));
}

/// Σ f(x), then g of it.
template <class Before, class After>
Status import_sum_of(NodeContext& n, const Before& before, const After& after) {
  STRETTO_ASSIGN(Reduction r, read_reduction(n, 18));
  Formula f(n);
  return f.bind(after(f, f.reduce(ReduceKind::sum, before(f, n.input(0)), r.axes, r.keepdims)));
}

Operand same(Formula&, Operand x) {
  return x;
}
Operand magnitude(Formula& f, Operand x) {
  return f.unary(UnaryKind::abs, x);
}
Operand square(Formula& f, Operand x) {
  return f.mul(x, x);
}
Operand logarithm(Formula& f, Operand x) {
  return f.map(op::MapKind::log, {x});
}
/// Integers are rounded down, as a cast does.
Operand root(Formula& f, Operand x) {
  if (!f.ok()) return kAbsent;
  const DType type = f.dtype(x);
  return f.cast(f.unary(UnaryKind::sqrt, f.cast(x, DType::f32)), type);
}

}  // namespace

Status import_reduce_mean(NodeContext& n) {
  return import_reduce(n, ReduceKind::mean, 18);
}
Status import_reduce_max(NodeContext& n) {
  return import_reduce(n, ReduceKind::max, 18);
}
Status import_reduce_min(NodeContext& n) {
  return import_reduce(n, ReduceKind::min, 18);
}
Status import_reduce_sum(NodeContext& n) {
  return import_reduce(n, ReduceKind::sum, 13);
}
Status import_reduce_l1(NodeContext& n) {
  return import_sum_of(n, magnitude, same);
}
Status import_reduce_l2(NodeContext& n) {
  return import_sum_of(n, square, root);
}
Status import_reduce_sum_square(NodeContext& n) {
  return import_sum_of(n, square, same);
}
Status import_reduce_log_sum(NodeContext& n) {
  return import_sum_of(n, same, logarithm);
}

/// m + ln Σ e^(x − m) with m the maximum, so that nothing overflows.
Status import_reduce_log_sum_exp(NodeContext& n) {
  STRETTO_ASSIGN(Reduction r, read_reduction(n, 18));
  Formula f(n);
  Operand x = n.input(0), most = f.reduce(ReduceKind::max, x, r.axes);
  Operand sum = f.reduce(ReduceKind::sum, f.unary(UnaryKind::exp, f.sub(x, most)), r.axes);
  Operand result = f.add(most, logarithm(f, sum));
  if (r.keepdims || !f.ok()) return f.bind(result);
  Shape kept;
  for (int i = 0, next = 0; i < f.shape(x).size(); ++i) {
    const bool reduced = next < r.axes.size() && r.axes[next] == i;
    reduced ? void(++next) : kept.push_back(f.shape(x)[i]);
  }
  return f.bind(f.reshape(result, kept));
}

/// The reduced axes become one line, whose running product ends in the product of all.
Status import_reduce_prod(NodeContext& n) {
  STRETTO_ASSIGN(Reduction r, read_reduction(n, 18));
  Operand x = n.input(0);
  const Shape shape = n.shape(x);
  Dims perm;
  Shape kept, result;
  int64_t line = 1;
  for (int i = 0, next = 0; i < shape.size(); ++i) {
    const bool reduced = next < r.axes.size() && r.axes[next] == i;
    if (reduced) {
      ++next;
      line *= shape[i];
    } else {
      perm.push_back(i);
      kept.push_back(shape[i]);
    }
    if (!reduced || r.keepdims) result.push_back(reduced ? 1 : shape[i]);
  }
  for (int64_t axis : r.axes) perm.push_back(axis);
  Formula f(n);
  if (elements(shape) == 0) {  // the product of nothing
    if (elements(result) == 0) return failed("an empty result is not supported");
    return f.bind(f.expand(f.like(x, 1), result));
  }
  const DType type = n.type(x).dtype;
  Operand lines = f.reshape(f.transpose(f.cast(x, arithmetic_type(type)), perm), {elements(kept), line});
  Operand running = f.emit(op::Cumulate{op::CumulateKind::product, 1}, {lines});
  return f.bind(f.cast(f.reshape(f.slice(running, 1, line - 1, 1), result), type));
}

}  // namespace stretto::onnx
