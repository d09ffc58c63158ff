// Operators that move elements: Concat, Split, Slice, Transpose, Gather.
#include <algorithm>

#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

/// Start and size of one axis out of ONNX's start, end and step, clamped as the standard says.
struct Range {
  int64_t start = 0, size = 0;
};

Range clamp_range(int64_t start, int64_t end, int64_t step, int64_t dim) {
  const int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? dim : dim - 1;
  auto place = [&](int64_t v) { return std::clamp(v < 0 && v >= -dim ? v + dim : v, lowest, highest); };
  start = std::max<int64_t>(place(start), 0);
  end = place(end);
  if (dim == 0 || (step > 0 ? end <= start : end >= start)) return {0, 0};
  const int64_t span = step > 0 ? end - start : start - end;
  const uint64_t stride = step > 0 ? static_cast<uint64_t>(step) : -static_cast<uint64_t>(step);
  return {start, static_cast<int64_t>((static_cast<uint64_t>(span) - 1) / stride) + 1};
}

/// A slice; an empty one is known whatever the source (our operators have no empty tensors).
Status finish_part(NodeContext& n, const op::Slice& attrs, Operand src, int output) {
  if (elements(attrs.sizes) > 0) return n.finish(attrs, {src}, output);
  return n.bind_known(output, Tensor(TensorType{n.type(src).dtype, attrs.sizes}), false);
}

Status finish_slice(NodeContext& n, const Dims& starts, const Dims& ends, const std::optional<Dims>& axes,
                    const std::optional<Dims>& steps) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(src);
  op::Slice attrs{Dims::filled(shape.size(), 0), Dims::filled(shape.size(), 1), shape};
  const int count = starts.size();
  if (ends.size() != count || (axes && axes->size() != count) || (steps && steps->size() != count)) {
    return bad_input("starts, ends, axes and steps differ in length");
  }
  Dims seen;
  for (int i = 0; i < count; ++i) {
    STRETTO_ASSIGN(int64_t wide_axis, normalise_axis(axes ? (*axes)[i] : i, shape.size()));
    const int axis = static_cast<int>(wide_axis);
    const int64_t step = steps ? (*steps)[i] : 1;
    if (step == 0) return bad_input("a step is 0");
    if (std::find(seen.begin(), seen.end(), axis) != seen.end()) {
      return bad_input("axis " + std::to_string(axis) + " is named twice");
    }
    seen.push_back(axis);
    Range range = clamp_range(starts[i], ends[i], step, shape[axis]);
    attrs.starts[axis] = range.start;
    attrs.sizes[axis] = range.size;
    // With one element the step has no meaning, and the file's may be any 64-bit number.
    attrs.steps[axis] = range.size > 1 ? step : 1;
  }
  return finish_part(n, attrs, src, 0);
}

/// Sizes of a Split's parts when none are given.
Result<std::vector<int64_t>> even_parts(NodeContext& n, int64_t dim) {
  const int64_t parts = n.opset() >= 18 && n.has("num_outputs") ? n.integer("num_outputs", 1) : n.output_count();
  STRETTO_TRY(n.mistakes());
  if (parts < 1 || parts != n.output_count()) {
    return bad_input("num_outputs is " + std::to_string(parts) + " but the node has " +
                     std::to_string(n.output_count()) + " outputs");
  }
  const int64_t chunk = (dim + parts - 1) / parts;
  if (n.opset() < 18 && dim % parts != 0) {
    return bad_input(std::to_string(dim) + " elements do not split into " + std::to_string(parts) + " equal parts");
  }
  std::vector<int64_t> sizes(static_cast<size_t>(parts), chunk);
  sizes.back() = dim - chunk * (parts - 1);
  return sizes;
}

/// Sizes out of attribute or input `split`; empty if there is none. Not bounded by what Dims holds.
Result<std::vector<int64_t>> given_parts(NodeContext& n) {
  std::vector<int64_t> sizes;
  if (n.opset() < 13) {
    if (const ::onnx::AttributeProto* split = n.find("split")) sizes.assign(split->ints().begin(), split->ints().end());
    return sizes;
  }
  if (!n.has_input(1)) return sizes;
  STRETTO_ASSIGN(Tensor split, n.known(n.input(1)));
  if (split.dtype() != DType::i64 || split.shape().size() != 1) {
    return bad_input("split is " + to_string(split.type()) + " where a list of i64 belongs");
  }
  sizes.assign(split.as<int64_t>().begin(), split.as<int64_t>().end());
  return sizes;
}

}  // namespace

Status import_concat(NodeContext& n) {
  std::vector<Operand> inputs;
  for (int i = 0; i < n.input_count(); ++i) inputs.push_back(n.input(i));
  if (inputs.empty()) n.mistake(bad_input("no inputs"));
  if (!n.has("axis")) n.mistake(bad_input("attribute 'axis' is missing"));
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", 1), n.shape(inputs[0]).size()));
  // Empty parts add nothing (a scalar's shape is an empty list).
  const Operand first = inputs[0];
  std::erase_if(inputs, [&](Operand part) { return n.is_known(part) && n.type(part).elements() == 0; });
  if (inputs.empty()) return n.bind(0, first);
  if (inputs.size() == 1) return n.bind(0, inputs[0]);
  return n.finish(op::Concat{axis}, inputs);
}

Status import_split(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(src);
  STRETTO_ASSIGN(int64_t wide_axis, normalise_axis(n.integer("axis", 0), shape.size()));
  const int axis = static_cast<int>(wide_axis);
  STRETTO_ASSIGN(std::vector<int64_t> sizes, given_parts(n));
  if (sizes.empty()) {
    STRETTO_ASSIGN(sizes, even_parts(n, shape[axis]));
  }
  if (sizes.size() != static_cast<size_t>(n.output_count())) {
    return bad_input(std::to_string(sizes.size()) + " sizes for " + std::to_string(n.output_count()) + " outputs");
  }
  op::Slice attrs{Dims::filled(shape.size(), 0), Dims::filled(shape.size(), 1), shape};
  int64_t start = 0;
  for (int i = 0; i < n.output_count(); ++i) {
    const int64_t size = sizes[static_cast<size_t>(i)];
    if (size < 0 || size > shape[axis] - start) return bad_input("the sizes do not add up to " + to_string(shape));
    attrs.starts[axis] = size == 0 ? 0 : start;
    attrs.sizes[axis] = size;
    start += size;
    STRETTO_TRY(finish_part(n, attrs, src, i));
  }
  if (start != shape[axis])
    return bad_input("the sizes add up to " + std::to_string(start) + " of " + to_string(shape));
  return {};
}

Status import_slice_attributes(NodeContext& n) {
  std::optional<Dims> starts = n.integers("starts"), ends = n.integers("ends");
  if (!starts || !ends) return bad_input("starts or ends are missing");
  return finish_slice(n, *starts, *ends, n.integers("axes"), std::nullopt);
}

Status import_slice(NodeContext& n) {
  std::optional<Dims> axes, steps;
  STRETTO_ASSIGN(Dims starts, n.known_integers(1));
  STRETTO_ASSIGN(Dims ends, n.known_integers(2));
  if (n.has_input(3)) {
    STRETTO_ASSIGN(axes, n.known_integers(3));
  }
  if (n.has_input(4)) {
    STRETTO_ASSIGN(steps, n.known_integers(4));
  }
  return finish_slice(n, starts, ends, axes, steps);
}

Status import_transpose(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  Dims reversed;
  for (int i = n.shape(src).size() - 1; i >= 0; --i) reversed.push_back(i);
  return n.finish(op::Transpose{n.integers("perm").value_or(reversed)}, {src});
}

Status import_gather(NodeContext& n) {
  Operand data = n.input(0), indices = n.input(1);
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(int64_t axis, normalise_axis(n.integer("axis", 0), n.shape(data).size()));
  return n.finish(op::Gather{axis}, {data, indices});
}

}  // namespace stretto::onnx
