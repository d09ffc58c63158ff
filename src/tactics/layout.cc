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
  }
  return "?";
}

std::optional<Layout> layout_from_name(std::string_view name) {
  for (Layout layout : {Layout::plain, Layout::c8, Layout::c16}) {
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

bool is_valid(const Shape& shape, Layout layout) {
  return layout == Layout::plain || shape.size() == 4;
}

}  // namespace stretto
