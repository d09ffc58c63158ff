// Copying a tensor between layouts, the obvious way: for observers, checks and tests. Steps use `reformat` tactics.
#pragma once

#include "tactics/layout.h"

namespace stretto {

/// From `layout` to dense row-major; `dst` holds type.bytes().
void to_plain(const TensorType& type, Layout layout, const void* src, void* dst);
/// From dense row-major to `layout`; `dst` holds stored_bytes(type, layout), padding lanes become zero.
void from_plain(const TensorType& type, Layout layout, const void* src, void* dst);
/// What is left of a tensor's values once they were stored in `layout`.
void round_as_stored(Layout layout, Tensor& tensor);

}  // namespace stretto
