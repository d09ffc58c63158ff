// Pooling; global pooling is a reduce, pooling of norms an average of powers.
#include <algorithm>

#include "onnx/formula.h"
#include "onnx/operators.h"
#include "onnx/spatial.h"

namespace stretto::onnx {

Result<op::Pool> read_pool(NodeContext& n, Operand src, op::PoolKind kind) {
  STRETTO_TRY(n.mistakes());
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

/// Row-major positions as column-major ones of each plane: the last axis counts fastest no more, the first does.
Operand column_major(Formula& f, Operand positions, const Shape& src) {
  Operand rest = positions, moved = kAbsent;
  int64_t plane = 1;
  for (int i = 2; i < src.size(); ++i) plane *= src[i];
  for (int i = src.size() - 1; i >= 2; --i) {
    Operand size = f.like(positions, static_cast<double>(src[i]));
    int64_t stride = 1;
    for (int k = 2; k < i; ++k) stride *= src[k];
    Operand part = f.mul(f.map(op::MapKind::mod, {rest, size}), f.like(positions, static_cast<double>(stride)));
    moved = i == src.size() - 1 ? part : f.add(moved, part);
    rest = f.div(rest, size);
  }
  return f.add(moved, f.mul(rest, f.like(positions, static_cast<double>(plane))));
}

/// (Σ |x|^p)^(1/p), of what `sum` adds up.
template <class Sum>
Status import_norm(NodeContext& n, const Sum& sum) {
  const int64_t p = n.integer("p", 2);
  if (p < 1 || p > 1000) return bad_input("p must be 1 to 1000");
  Formula f(n);
  const auto power = static_cast<float>(p);
  Operand x = f.unary(op::UnaryKind::abs, n.input(0));
  Operand powers = p == 1 ? x : p == 2 ? f.mul(x, x) : f.binary(op::BinaryKind::pow, x, f.number(power));
  Operand total = sum(f, powers);
  if (p == 1) return f.bind(total);
  if (p == 2) return f.bind(f.unary(op::UnaryKind::sqrt, total));
  return f.bind(f.binary(op::BinaryKind::pow, total, f.number(1 / power)));
}

}  // namespace

Status import_max_pool(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_ASSIGN(op::Pool attrs, read_pool(n, src, op::PoolKind::max));
  if (n.output_used(1)) {
    Formula f(n);
    Operand positions = f.emit(op::PoolIndices{attrs}, {src});
    if (n.flag("storage_order", false)) positions = column_major(f, positions, n.shape(src));
    STRETTO_TRY(f.bind(positions, 1));
  }
  return n.finish(attrs, {src});
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

Status import_lp_pool(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_ASSIGN(op::Pool attrs, read_pool(n, src, op::PoolKind::average));
  // Windows that reach past the pads sum zeros there: longer pads say the same without rounding up.
  const int count = attrs.kernel.size();
  double area = 1;
  for (int i = 0; i < count; ++i) {
    area *= static_cast<double>(attrs.kernel[i]);
    if (!attrs.ceil_mode) continue;
    const int64_t extent = (attrs.kernel[i] - 1) * attrs.dilations[i] + 1, begin = attrs.pads[i];
    const int64_t room = n.shape(src)[2 + i] + begin + attrs.pads[i + count] - extent;
    if (room < 0) return bad_input("the kernel exceeds the padded input");
    int64_t steps = (room + attrs.strides[i] - 1) / attrs.strides[i];
    if (steps * attrs.strides[i] >= n.shape(src)[2 + i] + begin) --steps;
    attrs.pads[i + count] += std::max<int64_t>(steps * attrs.strides[i] - room, 0);
  }
  attrs.ceil_mode = false;
  attrs.count_include_pad = true;
  return import_norm(n,
                     [&](Formula& f, Operand x) { return f.linear(f.emit(attrs, {x}), static_cast<float>(area), 0); });
}

Status import_global_lp_pool(NodeContext& n) {
  const op::Reduce attrs = global_pool(n, n.input(0), op::ReduceKind::sum);
  return import_norm(n, [&](Formula& f, Operand x) { return f.emit(attrs, {x}); });
}

}  // namespace stretto::onnx
