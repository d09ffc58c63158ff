// Pad: pads and value as attributes before opset 11, as inputs since.
#include "onnx/formula.h"
#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

/// Around each axis: a gather of positions modulo its size.
Status finish_wrap(NodeContext& n, Operand src, const Dims& pads) {
  Formula f(n);
  const Shape shape = n.shape(src);
  for (int axis = 0; axis < shape.size(); ++axis) {
    constexpr int64_t kMost = int64_t{1} << 24;
    const int64_t begin = pads[axis], end = pads[axis + shape.size()], size = shape[axis];
    const auto fits = [](int64_t pad) { return pad >= -kMost && pad <= kMost; };
    if (!fits(begin) || !fits(end) || size < 1 || size > kMost) return bad_input("pads are out of range");
    const int64_t count = begin + size + end;
    if (count < 1 || count > kMost) return bad_input("pads are out of range");
    if (begin == 0 && count == size) continue;
    std::vector<int64_t> from;
    for (int64_t i = 0; i < count; ++i) from.push_back(((i - begin) % size + size) % size);
    src = f.emit(op::Gather{axis}, {src, f.constant(Tensor::of<int64_t>(DType::i64, {count}, from))});
  }
  return f.bind(src);
}

Status finish_pad(NodeContext& n, const Dims& pads, float value) {
  Operand src = n.input(0);
  const std::string mode = n.text("mode", "constant");
  STRETTO_TRY(n.mistakes());
  const int rank = n.shape(src).size();
  if (pads.size() != 2 * rank) {
    return bad_input(std::to_string(pads.size()) + " pads for an input of rank " + std::to_string(rank));
  }
  op::Pad attrs{op::PadMode::constant, pads, value};
  if (mode == "reflect") {
    attrs.mode = op::PadMode::reflect;
  } else if (mode == "edge") {
    attrs.mode = op::PadMode::edge;
  } else if (mode == "wrap") {
    return finish_wrap(n, src, pads);
  } else if (mode != "constant") {
    return failed("mode '" + mode + "' is not supported");
  }
  return n.finish(attrs, {src});
}

Result<float> known_value(NodeContext& n) {
  if (!n.has_input(2)) return 0.0f;
  STRETTO_ASSIGN(Tensor value, n.known(n.input(2)));
  if (value.elements() != 1) return bad_input("constant_value is not a scalar");
  if (value.dtype() == DType::f32) return value.as<float>()[0];
  if (value.dtype() == DType::i64) return static_cast<float>(value.as<int64_t>()[0]);
  if (value.dtype() == DType::i32) return static_cast<float>(value.as<int32_t>()[0]);
  return failed("constant_value of type " + to_string(value.type()) + " is not supported");
}

}  // namespace

Status import_pad_attributes(NodeContext& n) {
  std::optional<Dims> pads = n.integers("pads");
  if (!pads) return bad_input("attribute 'pads' is missing");
  return finish_pad(n, *pads, n.real("value", 0));
}

Status import_pad(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_ASSIGN(Dims given, n.known_integers(1));
  STRETTO_ASSIGN(float value, known_value(n));
  if (!n.has_input(3)) return finish_pad(n, given, value);
  STRETTO_ASSIGN(Dims axes, n.known_integers(3));
  if (given.size() != 2 * axes.size()) {
    return bad_input(std::to_string(given.size()) + " pads for " + std::to_string(axes.size()) + " axes");
  }
  const int rank = n.shape(src).size();
  STRETTO_TRY(normalise_axes(axes, rank).status());
  Dims pads = Dims::filled(2 * rank, 0);
  for (int i = 0; i < axes.size(); ++i) {
    STRETTO_ASSIGN(int64_t axis, normalise_axis(axes[i], rank));
    pads[static_cast<int>(axis)] = given[i];
    pads[static_cast<int>(axis) + rank] = given[i + axes.size()];
  }
  return finish_pad(n, pads, value);
}

}  // namespace stretto::onnx
