// Inside ref/: whole tensors through operators that only move data; bytes are copied as they are.
#pragma once

#include "ref/indexing.h"
#include "ref/ref.h"

namespace stretto::ref {

/// Concat, Slice, Transpose, Expand, Gather, Pad, and Resize in mode nearest.
bool moves_data(const op::Attrs& attrs);
/// Fails where an index of Gather is out of range.
Status move_data(const op::Attrs& attrs, const Types& t, std::span<const Tensor> inputs, void* dst);

}  // namespace stretto::ref
