// The planning side of kernels/cuda/rescale.h: reading it from a problem, and packing what it reads.
#pragma once

#include <optional>

#include "kernels/cuda/common.h"
#include "kernels/cuda/rescale.h"

namespace stretto::kernels::cuda {

/// Nodes `first`… of a problem, each taking what the one before made; nothing if they are anything else, if scales or
/// table are not constants, or if another tensor lies otherwise than the result. What is packed begins `offset` bytes
/// into the step's weights. No node at all is Kind::none.
std::optional<RescaleParams> match_rescale(const Problem &problem, size_t first, size_t offset);
/// Node `node` as a lookup of what node `node − 1` made (or of an input), written into `p`.
bool match_lookup(const Problem &problem, size_t node, RescaleParams &p);

/// Bytes of scales and table, of nodes `first`…
size_t rescale_bytes(const Problem &problem, size_t first);
void pack_rescale(const Problem &problem, size_t first, std::span<const Tensor> constants, std::byte *to);

/// `none` if operands are bytes, i32 or f32 in layouts that these kernels know, and small enough for their indices.
Refusal refuse_integers(const Problem &problem);

}  // namespace stretto::kernels::cuda
