// Pictures as 8-bit pixels, and the two formats they come in. Decoded as Pillow's `Image.open(f).convert("RGB")` does:
// alpha is dropped, CMYK is taken as Adobe writes it, EXIF orientation is not applied.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace stretto::samples {

/// Row-major, channels interleaved; 3 (RGB) or 1 (grey) of them.
struct Image {
  int width = 0, height = 0, channels = 3;
  std::vector<uint8_t> pixels;

  const uint8_t* row(int y) const { return pixels.data() + static_cast<size_t>(y) * row_bytes(); }
  uint8_t* row(int y) { return pixels.data() + static_cast<size_t>(y) * row_bytes(); }
  size_t row_bytes() const { return static_cast<size_t>(width) * static_cast<size_t>(channels); }
};

Image make_image(int width, int height, int channels);

/// Larger pictures are refused.
inline constexpr int64_t kMaxPixels = int64_t{64} << 20;
inline constexpr int kMaxSide = 65500;

/// By its first bytes. `where` is the file's name, for messages.
Result<Image> decode_image(std::span<const std::byte> bytes, const std::string& where);
Result<Image> decode_jpeg(std::span<const std::byte> bytes, const std::string& where);
Result<Image> decode_png(std::span<const std::byte> bytes, const std::string& where);

/// Pillow's "L": (19595 R + 38470 G + 7471 B + 2^15) / 2^16.
Image to_grey(const Image& rgb);

}  // namespace stretto::samples
