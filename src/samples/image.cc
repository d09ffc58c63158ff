#include "samples/image.h"

#include <fmt/format.h>

#include <cstring>

namespace stretto::samples {

Image make_image(int width, int height, int channels) {
  Image image{width, height, channels, {}};
  image.pixels.resize(image.row_bytes() * static_cast<size_t>(height));
  return image;
}

Result<Image> decode_image(std::span<const std::byte> bytes, const std::string& where) {
  static constexpr unsigned char kPng[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  static constexpr unsigned char kJpeg[] = {0xff, 0xd8, 0xff};
  if (bytes.size() > sizeof(kPng) && std::memcmp(bytes.data(), kPng, sizeof(kPng)) == 0) {
    return decode_png(bytes, where);
  }
  if (bytes.size() > sizeof(kJpeg) && std::memcmp(bytes.data(), kJpeg, sizeof(kJpeg)) == 0) {
    return decode_jpeg(bytes, where);
  }
  return bad_input(fmt::format("{}: neither a JPEG nor a PNG picture; convert it to one of them", where));
}

Image to_grey(const Image& rgb) {
  if (rgb.channels == 1) return rgb;
  Image grey = make_image(rgb.width, rgb.height, 1);
  for (size_t i = 0; i < grey.pixels.size(); ++i) {
    const uint8_t* p = &rgb.pixels[3 * i];
    grey.pixels[i] = static_cast<uint8_t>((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16);
  }
  return grey;
}

}  // namespace stretto::samples
