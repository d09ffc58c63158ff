// GatherElements, GatherND, ScatterElements, ScatterND, MaxUnpool and Compress.
#include "onnx/gathers.h"

#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

int64_t product_of(const Shape& shape, int first, int last) {
  int64_t product = 1;
  for (int i = first; i < last; ++i) product *= shape[i];
  return product;
}

/// Negative indices count from the end of an axis of `size`; what lies outside comes to the nearer end.
Operand from_start(Formula& f, Operand indices, int64_t size) {
  Operand i = f.cast(indices, DType::i64);
  Operand wrapped =
      f.select(f.map(op::MapKind::less, {i, f.like(i, 0)}), f.add(i, f.like(i, static_cast<double>(size))), i);
  return f.binary(op::BinaryKind::min, f.binary(op::BinaryKind::max, wrapped, f.like(i, 0)),
                  f.like(i, static_cast<double>(size - 1)));
}

/// The flat number of the row that each tuple of `indices` (its last axis) names among data's axes [batch, batch + k).
Operand tuple_positions(Formula& f, const Shape& data, Operand indices, int batch) {
  if (!f.ok()) return kAbsent;
  const Shape shape = f.shape(indices);
  const int last = shape.size() - 1;
  const auto count = static_cast<int>(shape[last]);
  Operand total = kAbsent;
  for (int k = 0; k < count; ++k) {
    const int64_t size = data[batch + k], stride = product_of(data, batch + k + 1, batch + count);
    Operand part = from_start(f, f.slice(indices, last, k, 1), size);
    part = f.mul(part, f.like(part, static_cast<double>(stride)));
    total = k == 0 ? part : f.add(total, part);
  }
  for (int i = 0; i < batch; ++i) {
    total = f.add(total, f.counting(shape[i], product_of(data, i + 1, batch + count), i, shape.size()));
  }
  return total;
}

Status check_tuples(const Shape& data, const Shape& indices, int batch) {
  const bool sound = !indices.empty() && batch >= 0 && batch < indices.size() && batch < data.size() &&
                     indices.back() >= 1 && indices.back() <= data.size() - batch;
  for (int i = 0; sound && i < batch; ++i) {
    if (data[i] != indices[i])
      return bad_input("batch axes of " + to_string(data) + " and " + to_string(indices) + " differ");
  }
  if (sound) return {};
  return bad_input("indices " + to_string(indices) + " do not fit data " + to_string(data));
}

Result<op::ScatterKind> scatter_kind(NodeContext& n) {
  const std::string reduction = n.text("reduction", "none");
  if (reduction == "none") return op::ScatterKind::replace;
  if (reduction == "add") return op::ScatterKind::add;
  if (reduction == "mul") return op::ScatterKind::mul;
  if (reduction == "min") return op::ScatterKind::min;
  if (reduction == "max") return op::ScatterKind::max;
  return bad_input("reduction '" + reduction + "' is unknown");
}

/// Scatters in the type that arithmetic is done in.
Operand scatter(Formula& f, op::ScatterKind kind, Operand data, Operand positions, Operand updates) {
  if (!f.ok()) return kAbsent;
  const DType type = f.dtype(data), wide = kind == op::ScatterKind::replace ? type : arithmetic_type(type);
  return f.cast(f.emit(op::Scatter{kind}, {f.cast(data, wide), positions, f.cast(updates, wide)}), type);
}

}  // namespace

Operand element_positions(Formula& f, const Shape& data, Operand indices, int axis) {
  if (!f.ok()) return kAbsent;
  const Shape shape = f.shape(indices);
  if (shape.size() != data.size()) {
    f.fail(bad_input("indices " + to_string(shape) + " do not fit data " + to_string(data)));
    return kAbsent;
  }
  Operand total = from_start(f, indices, data[axis]);
  total = f.mul(total, f.like(total, static_cast<double>(product_of(data, axis + 1, data.size()))));
  for (int i = 0; i < data.size(); ++i) {
    if (i == axis || shape[i] == 1) continue;
    if (shape[i] > data[i]) f.fail(bad_input("indices " + to_string(shape) + " exceed data " + to_string(data)));
    total = f.add(total, f.counting(shape[i], product_of(data, i + 1, data.size()), i, data.size()));
  }
  return total;
}

Operand gather_elements(Formula& f, Operand data, Operand indices, int axis) {
  if (!f.ok()) return kAbsent;
  const Shape shape = f.shape(data);
  Operand positions = element_positions(f, shape, indices, axis);
  return f.emit(op::Gather{0}, {f.reshape(data, {elements(shape)}), positions});
}

Status import_gather_elements(NodeContext& n) {
  Operand data = n.input(0), indices = n.input(1);
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", 0), n.shape(data).size()));
  Formula f(n);
  return f.bind(gather_elements(f, data, indices, static_cast<int>(axis)));
}

Status import_gather_nd(NodeContext& n) {
  Operand data = n.input(0), indices = n.input(1);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(data), tuples = n.shape(indices);
  const int64_t batch_dims = n.opset() >= 12 ? n.integer("batch_dims", 0) : 0;
  const int batch = batch_dims >= 0 && batch_dims < kMaxRank ? static_cast<int>(batch_dims) : -1;
  STRETTO_TRY(check_tuples(shape, tuples, batch));
  const int used = batch + static_cast<int>(tuples.back());
  Shape rows{product_of(shape, 0, used)}, result;
  for (int i = 0; i + 1 < tuples.size(); ++i) result.push_back(tuples[i]);
  Shape flat = result;
  for (int i = used; i < shape.size(); ++i) {
    rows.push_back(shape[i]);
    if (result.size() == kMaxRank) return failed("the result would have more than 8 axes");
    result.push_back(shape[i]);
  }
  Formula f(n);
  Operand positions = f.reshape(tuple_positions(f, shape, indices, batch), {elements(flat)});
  return f.bind(f.reshape(f.emit(op::Gather{0}, {f.reshape(data, rows), positions}), result));
}

Status import_scatter_elements(NodeContext& n) {
  Operand data = n.input(0), indices = n.input(1), updates = n.input(2);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(data);
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", 0), shape.size()));
  STRETTO_ASSIGN(op::ScatterKind kind, scatter_kind(n));
  if (!(n.shape(indices) == n.shape(updates))) return bad_input("indices and updates differ in shape");
  const int64_t count = elements(n.shape(indices));
  Formula f(n);
  Operand positions = f.reshape(element_positions(f, shape, indices, static_cast<int>(axis)), {count});
  Operand flat = f.reshape(data, {elements(shape)});
  return f.bind(f.reshape(scatter(f, kind, flat, positions, f.reshape(updates, {count})), shape));
}

Status import_scatter_nd(NodeContext& n) {
  Operand data = n.input(0), indices = n.input(1), updates = n.input(2);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(data), tuples = n.shape(indices);
  STRETTO_ASSIGN(op::ScatterKind kind, scatter_kind(n));
  STRETTO_TRY(check_tuples(shape, tuples, 0));
  const auto used = static_cast<int>(tuples.back());
  const int64_t count = product_of(tuples, 0, tuples.size() - 1), inner = product_of(shape, used, shape.size());
  if (n.type(updates).elements() != count * inner) return bad_input("updates do not fit data and indices");
  Formula f(n);
  Operand positions = f.reshape(tuple_positions(f, shape, indices, 0), {count});
  Operand rows = f.reshape(data, {product_of(shape, 0, used), inner});
  return f.bind(f.reshape(scatter(f, kind, rows, positions, f.reshape(updates, {count, inner})), shape));
}

/// Puts each element where the pool that made it found it; the rest is 0.
Status import_max_unpool(NodeContext& n) {
  Operand x = n.input(0), indices = n.input(1);
  STRETTO_TRY(n.mistakes());
  const Shape src = n.shape(x);
  const int count = src.size() - 2;
  if (count < 1 || !(n.shape(indices) == src)) return bad_input("x and its indices differ in shape");
  if (!n.has("kernel_shape")) return bad_input("kernel_shape is missing");
  const Dims kernel = n.spatial("kernel_shape", count, 1, 1), strides = n.spatial("strides", count, 1, 1),
             pads = n.spatial("pads", 2 * count, 0, 0);
  STRETTO_TRY(n.mistakes());
  Shape inferred = src;
  for (int i = 0; i < count; ++i) {
    inferred[2 + i] = (src[2 + i] - 1) * strides[i] - pads[i] - pads[i + count] + kernel[i];
  }
  Shape out = inferred;
  if (n.has_input(2)) {
    STRETTO_ASSIGN(out, n.known_integers(2));
  }
  std::optional<int64_t> whole = checked_elements(out), planes = checked_elements(inferred);
  if (!whole || !planes || *whole == 0 || *planes == 0 || out.size() != src.size()) {
    return bad_input("output shape " + to_string(out) + " is impossible");
  }
  Formula f(n);
  Operand positions = f.cast(indices, DType::i64);
  if (!(out == inferred)) {  // the indices count in the smaller picture: take their coordinates apart
    Operand rest = positions, moved = f.like(rest, 0);
    for (int i = out.size() - 1; f.ok() && i >= 0; --i) {
      Operand size = f.like(rest, static_cast<double>(inferred[i]));
      Operand at = f.map(op::MapKind::mod, {rest, size});
      moved = f.add(moved, f.mul(at, f.like(at, static_cast<double>(product_of(out, i + 1, out.size())))));
      rest = f.div(rest, size);
    }
    positions = moved;
  }
  const int64_t given = elements(src);
  Operand zeros = f.expand(f.like(x, 0), {*whole});
  return f.bind(f.reshape(
      scatter(f, op::ScatterKind::replace, zeros, f.reshape(positions, {given}), f.reshape(x, {given})), out));
}

/// With a condition that is known: a Gather.
Status import_compress(NodeContext& n) {
  Operand x = n.input(0), condition = n.input(1);
  STRETTO_TRY(n.mistakes());
  auto known = n.known(condition);
  if (!known.ok()) return known.status().in("how much is kept depends on the data, which is not supported");
  if (known->dtype() != DType::boolean) return bad_input("the condition is no list of booleans");
  Formula f(n);
  int64_t axis = 0;
  if (n.has("axis")) {
    STRETTO_ASSIGN(axis, normalise_axis(n.integer("axis", 0), n.shape(x).size()));
  } else {
    x = f.reshape(x, {elements(n.shape(x))});
  }
  if (!f.ok()) return f.status();
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < known->elements() && i < f.shape(x)[static_cast<int>(axis)]; ++i) {
    if (known->as<uint8_t>()[static_cast<size_t>(i)] != 0) kept.push_back(i);
  }
  if (kept.empty()) return failed("nothing is kept: empty tensors are not supported");
  Operand indices = f.constant(Tensor::of<int64_t>(DType::i64, {static_cast<int64_t>(kept.size())}, kept));
  return f.bind(f.emit(op::Gather{axis}, {x, indices}));
}

}  // namespace stretto::onnx
