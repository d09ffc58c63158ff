// Operators that put the same elements elsewhere, and tensors made of nothing: DepthToSpace, SpaceToDepth, Tile, Trilu,
// EyeLike, ReverseSequence, CenterCropPad.
#include <algorithm>

#include "onnx/formula.h"
#include "onnx/operators.h"
#include "onnx/types.h"

namespace stretto::onnx {
namespace {

/// The shape of src, if it is N,C,H,W and its block is sound.
Result<Shape> picture(NodeContext& n, int64_t block) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  if (n.shape(src).size() != 4) return bad_input("src " + to_string(n.type(src)) + " is not N,C,H,W");
  if (block < 1 || block > (1 << 15)) return bad_input("blocksize " + std::to_string(block) + " is out of range");
  return n.shape(src);
}

/// Whether column − row ≥ k (upper) or ≤ k, for each element of a matrix.
Tensor triangle(int64_t rows, int64_t columns, int64_t k, bool upper) {
  Tensor mask(TensorType{DType::boolean, {rows, columns}});
  std::span<uint8_t> to = mask.as_mutable<uint8_t>();
  for (int64_t i = 0; i < rows * columns; ++i) {
    const int64_t diagonal = i % columns - i / columns;
    to[static_cast<size_t>(i)] = upper ? diagonal >= k : diagonal <= k;
  }
  return mask;
}

constexpr int64_t kMostMask = int64_t{1} << 26;
constexpr int64_t kMostLines = 1024;

}  // namespace

Status import_depth_to_space(NodeContext& n) {
  const int64_t b = n.integer("blocksize", 0);
  STRETTO_ASSIGN(Shape s, picture(n, b));
  const std::string mode = n.text("mode", "DCR");
  if (s[1] % (b * b) != 0 || (mode != "DCR" && mode != "CRD")) {
    return bad_input("blocksize " + std::to_string(b) + " or mode '" + mode + "' does not fit src " + to_string(s));
  }
  const int64_t c = s[1] / (b * b);
  Formula f(n);
  const bool depth_first = mode == "DCR";
  Operand split =
      f.reshape(n.input(0), depth_first ? Shape{s[0], b, b, c, s[2], s[3]} : Shape{s[0], c, b, b, s[2], s[3]});
  Operand moved = f.transpose(split, depth_first ? Dims{0, 3, 4, 1, 5, 2} : Dims{0, 1, 4, 2, 5, 3});
  return f.bind(f.reshape(moved, {s[0], c, s[2] * b, s[3] * b}));
}

Status import_space_to_depth(NodeContext& n) {
  const int64_t b = n.integer("blocksize", 0);
  STRETTO_ASSIGN(Shape s, picture(n, b));
  if (s[2] % b != 0 || s[3] % b != 0) {
    return bad_input("blocksize " + std::to_string(b) + " does not divide src " + to_string(s));
  }
  Formula f(n);
  Operand split = f.reshape(n.input(0), {s[0], s[1], s[2] / b, b, s[3] / b, b});
  return f.bind(f.reshape(f.transpose(split, {0, 3, 5, 1, 2, 4}), {s[0], s[1] * b * b, s[2] / b, s[3] / b}));
}

/// Axis by axis: [outer, 1, inner] expanded to [outer, repeats, inner].
Status import_tile(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_ASSIGN(Dims repeats, n.known_integers(1));
  STRETTO_TRY(n.mistakes());
  Shape shape = n.shape(x);
  if (repeats.size() != shape.size()) return bad_input("repeats do not fit the input");
  Formula f(n);
  for (int i = 0; i < shape.size(); ++i) {
    if (repeats[i] == 1) continue;
    if (repeats[i] < 0 || repeats[i] >= (int64_t{1} << 31)) return bad_input("repeats are out of range");
    int64_t outer = 1, inner = 1;
    for (int k = 0; k < shape.size(); ++k) (k < i ? outer : inner) *= shape[k];
    shape[i] *= repeats[i];
    std::optional<int64_t> count = checked_elements(shape);
    if (!count) return bad_input("the result would be too large");
    if (*count == 0) return n.bind_known(0, Tensor(TensorType{n.type(x).dtype, shape}), false);
    x = f.reshape(f.expand(f.reshape(x, {outer, 1, inner}), {outer, repeats[i], inner}), shape);
  }
  return f.bind(x);
}

Status import_trilu(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(x);
  int64_t k = 0;
  if (n.has_input(1)) {
    STRETTO_ASSIGN(Dims given, n.known_integers(1));
    if (given.size() != 1) return bad_input("k is not one number");
    k = given[0];
  }
  if (shape.size() < 2) return bad_input("src " + to_string(n.type(x)) + " is no matrix");
  const int64_t rows = shape[shape.size() - 2], columns = shape.back();
  if (elements(shape) == 0) return n.bind(0, x);
  if (rows > kMostMask / columns) return failed("a mask of more than 2^26 elements is not supported");
  Formula f(n);
  Operand mask = f.constant(triangle(rows, columns, k, n.flag("upper", true)));
  return f.bind(f.select(mask, x, f.like(x, 0)));
}

Status import_eye_like(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(x);
  std::optional<DType> type = n.type(x).dtype;
  if (n.has("dtype")) type = dtype_from_onnx(static_cast<int>(std::clamp<int64_t>(n.integer("dtype", 0), 0, 1000)));
  if (!type || shape.size() != 2 || shape[0] > kMostMask / std::max<int64_t>(shape[1], 1)) {
    return bad_input("src " + to_string(n.type(x)) + " is no matrix, or dtype is not supported");
  }
  const int64_t k = n.integer("k", 0);
  Formula f(n);
  Operand upper = f.constant(triangle(shape[0], shape[1], k, true));
  Operand both = f.map(op::MapKind::bit_and, {upper, f.constant(triangle(shape[0], shape[1], k, false))});
  return f.bind(f.cast(both, computed_type(*type)));
}

/// With lengths that are known: the first so many elements of each line backwards.
Status import_reverse_sequence(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(x);
  STRETTO_ASSIGN(int64_t batch, normalise_axis(n.integer("batch_axis", 1), shape.size()));
  STRETTO_ASSIGN(int64_t time, normalise_axis(n.integer("time_axis", 0), shape.size()));
  STRETTO_ASSIGN(Tensor lengths, n.known(n.input(1)));
  const int b = static_cast<int>(batch), t = static_cast<int>(time);
  if (b == t || lengths.dtype() != DType::i64 || lengths.elements() != shape[b]) return bad_input("lengths do not fit");
  if (shape[b] > kMostLines) return failed("more than 1024 lines are not supported");
  Formula f(n);
  std::vector<Operand> lines;
  for (int64_t i = 0; i < shape[b]; ++i) {
    const int64_t length = lengths.as<int64_t>()[static_cast<size_t>(i)];
    if (length < 1 || length > shape[t]) return bad_input("a length is out of range");
    Operand line = f.slice(x, b, i, 1), head = f.slice(line, t, length - 1, length, -1);
    if (length == shape[t]) {
      lines.push_back(head);
      continue;
    }
    lines.push_back(f.emit(op::Concat{time}, {head, f.slice(line, t, length, shape[t] - length)}));
  }
  return f.bind(f.emit(op::Concat{batch}, lines));
}

Status import_center_crop_pad(NodeContext& n) {
  Operand x = n.input(0);
  STRETTO_ASSIGN(Dims wanted, n.known_integers(1));
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(x);
  Dims axes = n.integers("axes").value_or(Dims{});
  if (!n.has("axes")) {
    for (int i = 0; i < shape.size(); ++i) axes.push_back(i);
  }
  STRETTO_TRY(normalise_axes(axes, shape.size()).status());
  if (axes.size() != wanted.size()) return bad_input("shape and axes differ in length");
  op::Pad attrs{op::PadMode::constant, Dims::filled(2 * shape.size(), 0), 0};
  for (int i = 0; i < axes.size(); ++i) {
    STRETTO_ASSIGN(int64_t wide, normalise_axis(axes[i], shape.size()));
    const int axis = static_cast<int>(wide);
    if (wanted[i] < 1 || wanted[i] >= (int64_t{1} << 31)) return bad_input("shape is out of range");
    const int64_t missing = wanted[i] - shape[axis];
    attrs.pads[axis] = missing >= 0 ? missing / 2 : -(-missing / 2);
    attrs.pads[axis + shape.size()] = missing - attrs.pads[axis];
  }
  return n.finish(attrs, {x});
}

}  // namespace stretto::onnx
