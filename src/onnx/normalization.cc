// Normalisation over a batch, channels, layers and groups; LRN, Softmax.
#include <limits>

#include "onnx/formula.h"
#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

using op::ReduceKind;
using op::UnaryKind;

Dims axes_from(int first, int rank) {
  Dims axes;
  for (int i = first; i < rank; ++i) axes.push_back(i);
  return axes;
}

/// x less its mean, and 1 / sqrt(variance + epsilon).
struct Standard {
  Operand centred, mean, inverse;
};
Standard standardise(Formula& f, Operand x, const Dims& axes, float epsilon) {
  Standard s{};
  s.mean = f.reduce(ReduceKind::mean, x, axes);
  s.centred = f.sub(x, s.mean);
  Operand variance = f.reduce(ReduceKind::mean, f.mul(s.centred, s.centred), axes);
  s.inverse = f.unary(UnaryKind::reciprocal, f.unary(UnaryKind::sqrt, f.linear(variance, 1, epsilon)));
  return s;
}

/// One number a channel, as it broadcasts to `rank` axes with the channels second.
Operand by_channel(Formula& f, Operand list, int rank) {
  if (!f.ok()) return kAbsent;
  Shape shape = Shape::filled(rank, 1);
  if (rank > 1) shape[1] = elements(f.shape(list));
  return f.reshape(list, shape);
}

}  // namespace

Status import_instance_norm(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  const int rank = n.shape(x).size();
  if (rank < 3) return bad_input("src " + to_string(n.type(x)) + " has no axes to normalise over");
  Formula f(n);
  Standard s = standardise(f, x, axes_from(2, rank), n.real("epsilon", 1e-5f));
  Operand scale = by_channel(f, n.input(1), rank), bias = by_channel(f, n.input(2), rank);
  return f.bind(f.add(f.mul(f.mul(s.centred, s.inverse), scale), bias));
}

/// Groups of channels become an axis of their own; scale and bias are by group before opset 21, by channel since.
Status import_group_norm(NodeContext& n) {
  Operand x = n.input(0), scale = n.input(1), bias = n.input(2);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(x);
  const int64_t groups = n.integer("num_groups", 0);
  if (shape.size() < 2 || groups < 1 || shape[1] % groups != 0) {
    return bad_input("num_groups " + std::to_string(groups) + " does not divide the channels of " + to_string(shape));
  }
  int64_t rest = 1;
  for (int i = 2; i < shape.size(); ++i) rest *= shape[i];
  Formula f(n);
  Operand grouped = f.reshape(x, {shape[0], groups, shape[1] / groups, rest});
  Standard s = standardise(f, grouped, {2, 3}, n.real("epsilon", 1e-5f));
  Operand y = f.mul(s.centred, s.inverse);
  if (n.opset() < 21) {
    return f.bind(f.reshape(f.add(f.mul(y, by_channel(f, scale, 4)), by_channel(f, bias, 4)), shape));
  }
  y = f.reshape(y, shape);
  return f.bind(f.add(f.mul(y, by_channel(f, scale, shape.size())), by_channel(f, bias, shape.size())));
}

Status import_layer_norm(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  const int rank = n.shape(x).size();
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", -1), rank));
  Formula f(n);
  Standard s = standardise(f, x, axes_from(static_cast<int>(axis), rank), n.real("epsilon", 1e-5f));
  Operand y = f.mul(f.mul(s.centred, s.inverse), n.input(1));
  if (n.has_input(2)) y = f.add(y, n.input(2));
  STRETTO_TRY(f.bind(s.mean, 1));
  STRETTO_TRY(f.bind(s.inverse, 2));
  return f.bind(y);
}

Status import_rms_norm(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  const int rank = n.shape(x).size();
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", -1), rank));
  Formula f(n);
  Operand square = f.reduce(ReduceKind::mean, f.mul(x, x), axes_from(static_cast<int>(axis), rank));
  Operand root = f.unary(UnaryKind::sqrt, f.linear(square, 1, n.real("epsilon", 1e-5f)));
  return f.bind(f.mul(f.div(x, root), n.input(1)));
}

/// A line of zeros stays: its norm counts as the smallest number.
Status import_lp_norm(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", -1), n.shape(x).size()));
  const int64_t p = n.integer("p", 2);
  if (p != 1 && p != 2) return bad_input("p must be 1 or 2");
  Formula f(n);
  Operand norm = p == 1 ? f.reduce(ReduceKind::sum, f.unary(UnaryKind::abs, x), {axis})
                        : f.unary(UnaryKind::sqrt, f.reduce(ReduceKind::sum, f.mul(x, x), {axis}));
  return f.bind(f.div(x, f.binary(op::BinaryKind::max, norm, f.number(std::numeric_limits<float>::min()))));
}

/// (x − mean) / (deviation + 1e-9), as the standard's function says.
Status import_mean_variance_norm(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(Dims axes, normalise_axes(n.integers("axes").value_or(Dims{0, 2, 3}), n.shape(x).size()));
  Formula f(n);
  Operand centred = f.sub(x, f.reduce(ReduceKind::mean, x, axes));
  Operand deviation = f.unary(UnaryKind::sqrt, f.reduce(ReduceKind::mean, f.mul(centred, centred), axes));
  return f.bind(f.div(centred, f.linear(deviation, 1, 1e-9f)));
}

/// x − maximum − ln Σ e^(x − maximum); before opset 13 over all axes from `axis` on.
Status import_log_softmax(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  const int rank = n.shape(x).size();
  const bool flattens = n.opset() < 13;
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", flattens ? 1 : -1), rank));
  const Dims axes = flattens ? axes_from(static_cast<int>(axis), rank) : Dims{axis};
  Formula f(n);
  Operand below = f.sub(x, f.reduce(ReduceKind::max, x, axes));
  Operand sum = f.reduce(ReduceKind::sum, f.unary(UnaryKind::exp, below), axes);
  return f.bind(f.sub(below, f.map(op::MapKind::log, {sum})));
}

Status import_batch_norm(NodeContext& n) {
  if (n.opset() >= 14 && n.flag("training_mode", false)) {
    return failed("training_mode is not supported; export the network for inference");
  }
  if (n.opset() < 9 && !n.flag("spatial", true)) return failed("spatial = 0 is not supported");
  for (int i = 1; i < n.output_count(); ++i) {
    if (n.output_used(i)) return failed("outputs for training are not supported; export the network for inference");
  }
  op::BatchNorm attrs{n.real("epsilon", 1e-5f)};
  return n.finish(attrs, {n.input(0), n.input(1), n.input(2), n.input(3), n.input(4)});
}

Status import_lrn(NodeContext& n) {
  if (!n.has("size")) n.mistake(bad_input("attribute 'size' is missing"));
  op::Lrn attrs{n.integer("size", 1), n.real("alpha", 1e-4f), n.real("beta", 0.75f), n.real("bias", 1)};
  return n.finish(attrs, {n.input(0)});
}

Status import_softmax_2d(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(src);
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", 1), shape.size()));
  int64_t rows = 1, columns = 1, after = 1;
  for (int i = 0; i < shape.size(); ++i) {
    (i < axis ? rows : columns) *= shape[i];
    if (i > axis) after *= shape[i];
  }
  if (after == 1) return n.finish(op::Softmax{axis}, {src});
  STRETTO_ASSIGN(Operand matrix, n.emit(op::Reshape{{rows, columns}}, {src}, "matrix"));
  STRETTO_ASSIGN(Operand result, n.emit(op::Softmax{1}, {matrix}, "softmax"));
  return n.finish(op::Reshape{shape}, {result});
}

Status import_softmax(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", -1), n.shape(src).size()));
  return n.finish(op::Softmax{axis}, {src});
}

}  // namespace stretto::onnx
