// Gemm and MatMul.
#include "onnx/operators.h"

namespace stretto::onnx {

Status import_gemm(NodeContext& n) {
  op::Gemm attrs{n.flag("transA", false), n.flag("transB", false), n.real("alpha", 1), n.real("beta", 1)};
  Operand a = n.input(0), b = n.input(1);
  if (n.has_input(2)) return n.finish(attrs, {a, b, n.input(2)});
  return n.finish(attrs, {a, b});
}

Status import_matmul(NodeContext& n) {
  return n.finish(op::MatMul{}, {n.input(0), n.input(1)});
}

}  // namespace stretto::onnx
