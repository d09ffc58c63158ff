// Views: nodes that need no step because their result is, or can be made, a part of other memory.
//
// A reshape of dense memory, a slice of whole channels, a concatenation whose inputs are written side by side.
#pragma once

#include <cstdint>
#include <optional>

#include "ir/graph.h"
#include "tactics/layout.h"

namespace stretto {

/// How a node can be a view: the layout it needs of its inputs and gives its output.
struct View {
  Layout input = Layout::plain;
  Layout output = Layout::plain;
};

/// The view that `node` can be with inputs in `layout`; nothing if it needs a step.
std::optional<View> view_of(const ir::Graph& graph, ir::NodeId node, Layout layout);

/// Where the view's memory begins, in bytes: for a slice inside its input; for a concatenation where input `index`
/// begins inside the output.
int64_t view_offset(const ir::Graph& graph, ir::NodeId node, const View& view, int index);

}  // namespace stretto
