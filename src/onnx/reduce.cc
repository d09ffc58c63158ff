// Reductions: axes as an attribute, or as an input since opset 13 (sum) and 18 (the others).
#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

Status import_reduce(NodeContext& n, op::ReduceKind kind, int64_t axes_are_input_since) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const int rank = n.shape(src).size();
  Dims axes;
  if (n.opset() < axes_are_input_since) {
    axes = n.integers("axes").value_or(Dims{});
  } else if (n.has_input(1)) {
    STRETTO_ASSIGN(axes, n.known_integers(1));
  }
  if (axes.empty()) {
    if (n.opset() >= axes_are_input_since && n.flag("noop_with_empty_axes", false)) return n.bind(0, src);
    for (int i = 0; i < rank; ++i) axes.push_back(i);
  }
  STRETTO_ASSIGN(Dims sorted, normalise_axes(axes, rank));
  if (sorted.empty()) return n.bind(0, src);
  return n.finish(op::Reduce{kind, sorted, n.flag("keepdims", true)}, {src});
}

}  // namespace

Status import_reduce_mean(NodeContext& n) {
  return import_reduce(n, op::ReduceKind::mean, 18);
}
Status import_reduce_max(NodeContext& n) {
  return import_reduce(n, op::ReduceKind::max, 18);
}
Status import_reduce_min(NodeContext& n) {
  return import_reduce(n, op::ReduceKind::min, 18);
}
Status import_reduce_sum(NodeContext& n) {
  return import_reduce(n, op::ReduceKind::sum, 13);
}

}  // namespace stretto::onnx
