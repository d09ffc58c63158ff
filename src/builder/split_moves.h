// Moves of channels that several slices share, one copy for each slice: a ShuffleNet unit ends in concat → shuffle, and
// the next takes its two halves. With a copy of the chain each, a half is one step that gathers just its channels.
//
// Worth it only where such a chain is one step (blocked layouts; the `channels` tactics).
#pragma once

#include "ir/graph.h"

namespace stretto {

/// Returns how many slices were given a chain of their own.
Result<int> split_moves(ir::Graph& graph);

/// Concat, slice, reshape and transpose: what such chains are made of.
bool moves_data(const ir::Node& node);

}  // namespace stretto
