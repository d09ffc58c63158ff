// Operators that give the same elements another shape, and Expand.
#include <algorithm>
#include <array>

#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

/// Replaces the one −1; nothing if the elements do not divide, or there are two.
std::optional<Shape> complete(const Dims& target, int64_t elements) {
  Shape shape = target, rest = target;
  int wildcard = -1;
  for (int i = 0; i < target.size(); ++i) {
    if (target[i] != -1) continue;
    if (wildcard >= 0) return std::nullopt;
    wildcard = i;
    rest[i] = 1;
  }
  std::optional<int64_t> product = checked_elements(rest);
  if (!product) return std::nullopt;
  if (wildcard >= 0) {
    if (*product == 0 || elements % *product != 0) return std::nullopt;
    shape[wildcard] = elements / *product;
    return shape;
  }
  return *product == elements ? std::optional<Shape>(shape) : std::nullopt;
}

/// The model's own numbers were written for another batch: the first dimension follows it.
bool pins_batch(const NodeContext& n, Operand src, const Dims& target, bool literal) {
  const BatchChange batch = n.batch();
  if (!batch.changed() || !literal || n.is_known(src) || target.empty() || target[0] != batch.from) return false;
  const Shape shape = n.shape(src);
  const bool wildcard = std::find(target.begin(), target.end(), -1) != target.end();
  if (wildcard) return !shape.empty() && shape[0] == batch.to;
  return !complete(target, elements(shape));
}

Result<Shape> resolve(NodeContext& n, Operand src, Dims target, bool literal) {
  const Shape shape = n.shape(src);
  const Dims asked = target;
  if (!n.flag("allowzero", false)) {
    for (int i = 0; i < target.size(); ++i) {
      if (target[i] != 0) continue;
      if (i >= shape.size()) return bad_input("shape " + to_string(asked) + " copies an axis src has not");
      target[i] = shape[i];
    }
  }
  if (pins_batch(n, src, target, literal)) {
    target[0] = n.batch().to;
    std::optional<Shape> scaled = complete(target, elements(shape));
    if (!scaled) {
      return failed("shape " + to_string(asked) + " fixes the batch and cannot follow it to " +
                    std::to_string(n.batch().to) + "; export the network with a symbolic batch");
    }
    n.note("shape " + to_string(asked) + " fixes the batch; taken as " + to_string(*scaled));
    return *scaled;
  }
  std::optional<Shape> result = complete(target, elements(shape));
  if (!result) return failed(to_string(n.type(src)) + " cannot become " + to_string(asked));
  return *result;
}

/// axes as an attribute before opset 13, as an input since; nothing if absent.
Result<std::optional<Dims>> read_axes(NodeContext& n) {
  if (n.opset() < 13) return n.integers("axes");
  if (!n.has_input(1)) return std::optional<Dims>();
  STRETTO_ASSIGN(Dims axes, n.known_integers(1));
  return std::optional<Dims>(axes);
}

}  // namespace

Status import_reshape(NodeContext& n) {
  Operand src = n.input(0), target = n.input(1);
  STRETTO_ASSIGN(Dims asked, n.known_integers(1));
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(Shape shape, resolve(n, src, asked, n.is_literal(target)));
  return n.finish(op::Reshape{shape}, {src});
}

Status import_flatten(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(src);
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", 1), shape.size(), true));
  int64_t rows = 1, columns = 1;
  for (int i = 0; i < shape.size(); ++i) (i < axis ? rows : columns) *= shape[i];
  return n.finish(op::Reshape{{rows, columns}}, {src});
}

Status import_squeeze(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(src);
  STRETTO_ASSIGN(std::optional<Dims> given, read_axes(n));
  Dims axes;
  if (given) {
    STRETTO_ASSIGN(axes, normalise_axes(*given, shape.size()));
  }
  Shape squeezed;
  for (int i = 0; i < shape.size(); ++i) {
    const bool named = std::find(axes.begin(), axes.end(), i) != axes.end();
    if (named && shape[i] != 1) return bad_input("axis " + std::to_string(i) + " of " + to_string(shape) + " is not 1");
    if (!named && (given || shape[i] != 1)) squeezed.push_back(shape[i]);
  }
  return n.finish(op::Reshape{squeezed}, {src});
}

Status import_unsqueeze(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(src);
  STRETTO_ASSIGN(std::optional<Dims> given, read_axes(n));
  if (!given) return bad_input("axes are missing");
  const int rank = shape.size() + given->size();
  if (rank > kMaxRank) return failed("the result has rank " + std::to_string(rank) + "; at most 8 is supported");
  STRETTO_ASSIGN(Dims axes, normalise_axes(*given, rank));
  Shape unsqueezed;
  for (int i = 0, next = 0; i < rank; ++i) {
    const bool added = std::find(axes.begin(), axes.end(), i) != axes.end();
    unsqueezed.push_back(added ? 1 : shape[next++]);
  }
  return n.finish(op::Reshape{unsqueezed}, {src});
}

Status import_expand(NodeContext& n) {
  Operand src = n.input(0), target = n.input(1);
  STRETTO_ASSIGN(Dims asked, n.known_integers(1));
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(src);
  const int rank = std::max(shape.size(), asked.size());
  if (rank > kMaxRank) return bad_input("shape " + to_string(asked) + " has too many axes");
  const BatchChange batch = n.batch();
  if (batch.changed() && n.is_literal(target) && !n.is_known(src) && asked.size() == shape.size() && rank > 0 &&
      asked[0] == batch.from && shape[0] == batch.to && batch.from != 1) {
    n.note("shape " + to_string(asked) + " fixes the batch; taken as " + std::to_string(batch.to) + " first");
    asked[0] = batch.to;
  }
  Shape result;
  for (int i = 0; i < rank; ++i) {
    const int from = i - (rank - shape.size()), to = i - (rank - asked.size());
    const int64_t have = from < 0 ? 1 : shape[from], want = to < 0 ? 1 : asked[to];
    result.push_back(want == 1 ? have : want);
  }
  return n.finish(op::Expand{result}, {src});
}

}  // namespace stretto::onnx
