#include "op/broadcast.h"

namespace stretto::op {

std::optional<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape result = longer;
  int skipped = longer.size() - shorter.size();
  for (int i = 0; i < shorter.size(); ++i) {
    int64_t& d = result[skipped + i];
    if (d == shorter[i] || shorter[i] == 1) continue;
    if (d != 1) return std::nullopt;
    d = shorter[i];
  }
  return result;
}

Dims broadcast_strides(const Shape& shape, const Shape& result) {
  Dims strides = Dims::filled(result.size(), 0);
  int skipped = result.size() - shape.size();
  int64_t stride = 1;
  for (int i = shape.size(); i-- > 0;) {
    if (shape[i] != 1) strides[skipped + i] = stride;
    stride *= shape[i];
  }
  return strides;
}

}  // namespace stretto::op
