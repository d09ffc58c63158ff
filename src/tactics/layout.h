// How a tensor lies in memory. Persisted: never renumber.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/tensor.h"

namespace stretto {

/// `plain`: row-major, any rank. `c8`, `c16`: N, C/8 (C/16) rounded up, H, W, 8 (16): channels in blocks, for rank-4
/// tensors only; quantised values (u8, i8) lie in c16 on every instruction set. `c32h`: the same with blocks of 32, for
/// f32 tensors, whose elements lie there rounded to f16. `nhwc8`: N, H, W, C rounded up to eights, for f32 tensors of
/// rank 4; `nhwc8h`: the same rounded to f16; `nhwc16`: N, H, W, C rounded up to sixteens, for quantised values. These
/// three are for GPUs. Lanes past C ALWAYS hold zero: who writes such a tensor writes those zeros, who reads it may
/// count on them.
enum class Layout : uint8_t { plain = 1, c8 = 2, c16 = 3, c32h = 4, nhwc8 = 5, nhwc8h = 6, nhwc16 = 7 };
/// All, and those that kernels of CPUs know.
inline constexpr Layout kLayouts[] = {Layout::plain, Layout::c8,     Layout::c16,   Layout::c32h,
                                      Layout::nhwc8, Layout::nhwc8h, Layout::nhwc16};
inline constexpr Layout kCpuLayouts[] = {Layout::plain, Layout::c8, Layout::c16, Layout::c32h};

std::string_view name_of(Layout layout);
std::optional<Layout> layout_from_name(std::string_view name);
/// All channels of a pixel side by side.
constexpr bool is_channels_last(Layout layout) {
  return layout == Layout::nhwc8 || layout == Layout::nhwc8h || layout == Layout::nhwc16;
}
/// The number that channels are rounded up to a multiple of; 1 for plain.
constexpr int block_of(Layout layout) {
  return layout == Layout::c16 || layout == Layout::nhwc16  ? 16
         : layout == Layout::c32h                           ? 32
         : layout == Layout::c8 || is_channels_last(layout) ? 8
                                                            : 1;
}
/// f32 values that lie rounded to f16.
constexpr bool is_half(Layout layout) {
  return layout == Layout::c32h || layout == Layout::nhwc8h;
}
/// What an element of a tensor of type `dtype` is stored as.
constexpr DType element_of(DType dtype, Layout layout) {
  return is_half(layout) ? DType::f16 : dtype;
}
/// Elements of storage, padding lanes included.
int64_t stored_elements(const Shape& shape, Layout layout);
inline size_t stored_bytes(const TensorType& type, Layout layout) {
  return static_cast<size_t>(stored_elements(type.shape, layout)) * size_of(element_of(type.dtype, layout));
}
/// Whether a tensor of this type can lie so (blocked: rank 4).
bool is_valid(const TensorType& type, Layout layout);

}  // namespace stretto
