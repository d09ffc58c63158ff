#include "tactics/reorder.h"

#include <cstring>

#include "base/half.h"

namespace stretto {
namespace {

/// Calls `move(stored_index, plain_index)` for every element.
template <class Move>
void for_each_element(const Shape& shape, Layout layout, Move move) {
  const int64_t block = block_of(layout), channels = shape[1], area = shape[2] * shape[3];
  const int64_t blocks = (channels + block - 1) / block, step = is_channels_last(layout) ? blocks * block : block;
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      int64_t plain = (n * channels + c) * area;
      int64_t stored =
          n * blocks * area * block + (is_channels_last(layout) ? c : c / block * area * block + c % block);
      for (int64_t i = 0; i < area; ++i) move(stored + i * step, plain + i);
    }
  }
}

}  // namespace

void to_plain(const TensorType& type, Layout layout, const void* src, void* dst) {
  if (layout == Layout::plain) {
    std::memcpy(dst, src, type.bytes());
    return;
  }
  if (is_half(layout)) {
    const auto* half = static_cast<const uint16_t*>(src);
    auto* to = static_cast<float*>(dst);
    for_each_element(type.shape, layout,
                     [&](int64_t blocked, int64_t plain) { to[plain] = f16_to_float(half[blocked]); });
    return;
  }
  auto from = static_cast<const char*>(src);
  auto to = static_cast<char*>(dst);
  auto size = static_cast<int64_t>(size_of(type.dtype));
  for_each_element(type.shape, layout, [&](int64_t blocked, int64_t plain) {
    std::memcpy(to + plain * size, from + blocked * size, static_cast<size_t>(size));
  });
}

void from_plain(const TensorType& type, Layout layout, const void* src, void* dst) {
  if (layout == Layout::plain) {
    std::memcpy(dst, src, type.bytes());
    return;
  }
  std::memset(dst, 0, stored_bytes(type, layout));
  if (is_half(layout)) {
    const auto* from = static_cast<const float*>(src);
    auto* half = static_cast<uint16_t*>(dst);
    for_each_element(type.shape, layout,
                     [&](int64_t blocked, int64_t plain) { half[blocked] = f16_from_float(from[plain]); });
    return;
  }
  auto from = static_cast<const char*>(src);
  auto to = static_cast<char*>(dst);
  auto size = static_cast<int64_t>(size_of(type.dtype));
  for_each_element(type.shape, layout, [&](int64_t blocked, int64_t plain) {
    std::memcpy(to + blocked * size, from + plain * size, static_cast<size_t>(size));
  });
}

void round_as_stored(Layout layout, Tensor& tensor) {
  if (!is_half(layout)) return;
  for (float& x : tensor.as_mutable<float>()) x = f16_to_float(f16_from_float(x));
}

}  // namespace stretto
