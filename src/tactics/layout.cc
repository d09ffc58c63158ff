#include "tactics/layout.h"

namespace stretto {

std::string_view name_of(Layout layout) {
  switch (layout) {
    case Layout::plain:
      return "plain";
    case Layout::c8:
      return "c8";
    case Layout::c16:
      return "c16";
    case Layout::c32h:
      return "c32h";
    case Layout::nhwc8:
      return "nhwc8";
    case Layout::nhwc8h:
      return "nhwc8h";
    case Layout::nhwc16:
      return "nhwc16";
  }
  return "?";
}

std::optional<Layout> layout_from_name(std::string_view name) {
  for (Layout layout : kLayouts) {
    if (name == name_of(layout)) return layout;
  }
  return std::nullopt;
}

int64_t stored_elements(const Shape& shape, Layout layout) {
  int block = block_of(layout);
  if (block == 1) return elements(shape);
  int64_t blocks = (shape[1] + block - 1) / block;
  return shape[0] * blocks * block * shape[2] * shape[3];
}

bool is_valid(const TensorType& type, Layout layout) {
  const bool byte = type.dtype == DType::u8 || type.dtype == DType::i8;
  if (layout == Layout::nhwc16) return byte && type.shape.size() == 4;
  if ((is_half(layout) || is_channels_last(layout)) && type.dtype != DType::f32) return false;
  return layout == Layout::plain || type.shape.size() == 4;
}

}  // namespace stretto
