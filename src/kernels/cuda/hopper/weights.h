// How Hopper's kernels find weights: [depth / 64][column][64] in f16, so that the weights of any tile of columns and a
// slice of the depth are one piece of memory. A column's eight chunks of eight lie crossed by column % 8: that is the
// 128-byte swizzle which wgmma reads. The bias follows in f32. Columns and depth are filled up with zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/cuda/chunk.h"

namespace stretto {
struct Problem;
class Tensor;
}  // namespace stretto

namespace stretto::kernels::cuda::hopper {

inline constexpr int kSlice = 64;  // of depth, that a block takes at a time

/// The element of the packed weights that belongs to a depth and a column.
STRETTO_BOTH inline size_t weight_at(uint32_t depth, uint32_t column, uint32_t packed_columns) {
  const uint32_t chunk = (depth % kSlice / kLanes) ^ (column % 8);
  return (size_t{depth / kSlice} * packed_columns + column) * kSlice + chunk * kLanes + depth % kLanes;
}

/// Bytes before the bias.
constexpr size_t bias_offset(uint32_t slices, uint32_t packed_columns) {
  return size_t{slices} * packed_columns * kSlice * sizeof(uint16_t);
}
constexpr size_t packed_bytes(uint32_t slices, uint32_t packed_columns) {
  return bias_offset(slices, packed_columns) + packed_columns * sizeof(float);
}

/// Packs the weights and the bias of node 0, a convolution. Channel c of tap t has depth t · tap_depth + c.
void pack_convolution(const Problem &problem, std::span<const Tensor> constants, uint32_t tap_depth, uint32_t slices,
                      uint32_t packed_columns, std::byte *packed);

}  // namespace stretto::kernels::cuda::hopper
