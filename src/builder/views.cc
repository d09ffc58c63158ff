#include "builder/views.h"

#include "builder/candidates.h"

namespace stretto {
namespace {

/// The product of the sizes before `axis`.
int64_t leading(const Shape& shape, int64_t axis) {
  int64_t product = 1;
  for (int i = 0; i < axis; ++i) product *= shape[i];
  return product;
}

/// Elements that one index step along `axis` spans; the same for whole blocks of channels.
int64_t span_of(const Shape& shape, int64_t axis) {
  int64_t product = 1;
  for (int i = static_cast<int>(axis) + 1; i < shape.size(); ++i) product *= shape[i];
  return product;
}

std::optional<View> view_reshape(const Shape& from, const Shape& to, Layout layout) {
  if (layout == Layout::plain) return View{};
  int block = block_of(layout);
  if (is_half(layout)) return std::nullopt;
  // One pixel: blocks of channels lie as plain channels do.
  if (from.size() == 4 && from[2] == 1 && from[3] == 1 && to == Dims{from[0], from[1]} &&
      (from[0] == 1 || from[1] % block == 0)) {
    return View{layout, Layout::plain};
  }
  return std::nullopt;
}

/// The one axis that a slice narrows, provided everything else is whole and steps are 1.
std::optional<int> sliced_axis(const op::Slice& slice, const Shape& from) {
  int axis = -1;
  for (int i = 0; i < from.size(); ++i) {
    if (slice.steps[i] != 1 && slice.sizes[i] != 1) return std::nullopt;
    if (slice.sizes[i] == from[i]) continue;
    if (axis >= 0) return std::nullopt;
    axis = i;
  }
  return axis < 0 ? std::nullopt : std::optional(axis);
}

std::optional<View> view_slice(const op::Slice& slice, const Shape& from, Layout layout) {
  auto axis = sliced_axis(slice, from);
  if (!axis || leading(from, *axis) != 1 || is_channels_last(layout)) return std::nullopt;
  int block = block_of(layout);
  if (block > 1) {
    int64_t start = slice.starts[*axis], size = slice.sizes[*axis];
    bool whole_blocks = start % block == 0 && (size % block == 0 || start + size == from[*axis]);
    if (*axis != 1 || from.size() != 4 || !whole_blocks) return std::nullopt;
  }
  return View{layout, layout};
}

std::optional<View> view_concat(const ir::Graph& graph, const ir::Node& node, int64_t axis, Layout layout) {
  const Shape& to = graph.value(node.output).type.shape;
  if (leading(to, axis) != 1 || is_channels_last(layout)) return std::nullopt;
  int block = block_of(layout);
  if (block > 1) {
    if (axis != 1 || to.size() != 4) return std::nullopt;
    for (size_t i = 0; i + 1 < node.inputs.size(); ++i) {
      if (graph.value(node.inputs[i]).type.shape[1] % block != 0) return std::nullopt;
    }
  }
  for (ir::ValueId input : node.inputs) {
    if (graph.value(input).is_constant()) return std::nullopt;
  }
  return View{layout, layout};
}

}  // namespace

std::optional<View> view_of(const ir::Graph& graph, ir::NodeId id, Layout layout) {
  const ir::Node& node = graph.node(id);
  if (node.inputs.empty() || graph.value(node.inputs[0]).is_constant()) return std::nullopt;
  const TensorType& type = graph.value(node.inputs[0]).type;
  if (layout != Layout::plain && !lies_in_blocks(type.dtype, layout)) return std::nullopt;
  const Shape& from = type.shape;
  if (std::holds_alternative<op::Reshape>(node.attrs)) {
    return view_reshape(from, graph.value(node.output).type.shape, layout);
  }
  if (const auto* slice = std::get_if<op::Slice>(&node.attrs)) return view_slice(*slice, from, layout);
  if (const auto* concat = std::get_if<op::Concat>(&node.attrs)) {
    return view_concat(graph, node, concat->axis, layout);
  }
  return std::nullopt;
}

int64_t view_offset(const ir::Graph& graph, ir::NodeId id, const View& view, int index) {
  const ir::Node& node = graph.node(id);
  auto size = static_cast<int64_t>(size_of(element_of(graph.value(node.output).type.dtype, view.input)));
  if (const auto* slice = std::get_if<op::Slice>(&node.attrs)) {
    const Shape& from = graph.value(node.inputs[0]).type.shape;
    auto axis = sliced_axis(*slice, from);
    return slice->starts[*axis] * span_of(from, *axis) * size;
  }
  int64_t offset = 0;
  if (std::holds_alternative<op::Concat>(node.attrs)) {
    for (int i = 0; i < index; ++i) {
      offset += stored_elements(graph.value(node.inputs[static_cast<size_t>(i)]).type.shape, view.input) * size;
    }
  }
  return offset;
}

}  // namespace stretto
