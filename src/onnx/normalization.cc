// BatchNormalization, LRN, Softmax.
#include "onnx/operators.h"

namespace stretto::onnx {

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
