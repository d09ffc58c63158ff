// Pooling; global pooling is a reduce.
#include "onnx/operators.h"
#include "onnx/spatial.h"

namespace stretto::onnx {

Result<op::Pool> read_pool(NodeContext& n, Operand src, op::PoolKind kind) {
  STRETTO_TRY(n.mistakes());
  if (n.output_used(1)) return failed("the indices of the maxima are not supported");
  const int count = n.shape(src).size() - 2;
  if (count < 1) return bad_input("src " + to_string(n.type(src)) + " has no axes to pool over");
  if (!n.has("kernel_shape")) return bad_input("kernel_shape is missing");
  Dims kernel = n.spatial("kernel_shape", count, 1, 1);
  STRETTO_ASSIGN(Window window, read_window(n, n.shape(src), kernel));
  op::Pool attrs{
      .kind = kind, .kernel = kernel, .strides = window.strides, .dilations = window.dilations, .pads = window.pads};
  attrs.count_include_pad = kind == op::PoolKind::average && n.flag("count_include_pad", false);
  attrs.ceil_mode = !window.auto_pad && n.flag("ceil_mode", false);
  return attrs;
}

op::Reduce global_pool(NodeContext& n, Operand src, op::ReduceKind kind) {
  op::Reduce attrs{.kind = kind, .axes = {}, .keepdims = true};
  for (int i = 2; i < n.shape(src).size(); ++i) attrs.axes.push_back(i);
  if (attrs.axes.empty()) n.mistake(bad_input("src " + to_string(n.type(src)) + " has no axes to pool over"));
  return attrs;
}

namespace {

Status import_pool(NodeContext& n, op::PoolKind kind) {
  Operand src = n.input(0);
  STRETTO_ASSIGN(op::Pool attrs, read_pool(n, src, kind));
  return n.finish(attrs, {src});
}

Status import_global_pool(NodeContext& n, op::ReduceKind kind) {
  Operand src = n.input(0);
  return n.finish(global_pool(n, src, kind), {src});
}

}  // namespace

Status import_max_pool(NodeContext& n) {
  return import_pool(n, op::PoolKind::max);
}
Status import_average_pool(NodeContext& n) {
  return import_pool(n, op::PoolKind::average);
}
Status import_global_average_pool(NodeContext& n) {
  return import_global_pool(n, op::ReduceKind::mean);
}
Status import_global_max_pool(NodeContext& n) {
  return import_global_pool(n, op::ReduceKind::max);
}

}  // namespace stretto::onnx
