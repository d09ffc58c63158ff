// libpng reports errors by longjmp: functions that it may leave that way own nothing with a destructor.
#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "samples/image.h"

namespace stretto::samples {
namespace {

struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  const std::byte* next = nullptr;
  size_t left = 0;
  char message[128] = "not readable";
};

void on_error(png_structp png, png_const_charp text) {
  auto* d = static_cast<Decoder*>(png_get_error_ptr(png));
  std::snprintf(d->message, sizeof(d->message), "%s", text);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep out, size_t count) {
  auto* d = static_cast<Decoder*>(png_get_io_ptr(png));
  if (count > d->left) png_error(png, "the data end early");
  std::memcpy(out, d->next, count);
  d->next += count;
  d->left -= count;
}

/// Whatever the file holds becomes 8-bit RGB: palettes and grey expanded, the high byte of 16 bits, alpha dropped.
bool read_header(Decoder& d) {
  if (setjmp(png_jmpbuf(d.png)) != 0) return false;
  png_set_user_limits(d.png, kMaxSide, kMaxSide);
  png_set_chunk_malloc_max(d.png, 8u << 20);
  png_set_chunk_cache_max(d.png, 128);
  png_set_read_fn(d.png, &d, read_bytes);
  png_read_info(d.png, d.info);
  png_set_expand(d.png);
  png_set_strip_16(d.png);
  png_set_gray_to_rgb(d.png);
  png_set_strip_alpha(d.png);
  png_set_interlace_handling(d.png);
  png_read_update_info(d.png, d.info);
  return true;
}

bool read_rows(Decoder& d, png_bytepp rows) {
  if (setjmp(png_jmpbuf(d.png)) != 0) return false;
  png_read_image(d.png, rows);
  png_read_end(d.png, nullptr);
  return true;
}

Result<Image> decode(Decoder& d, const std::string& where) {
  const auto damaged = [&] {
    return bad_input(fmt::format("{}: damaged PNG ({}); replace the file", where, d.message));
  };
  if (!read_header(d)) return damaged();
  const int64_t width = png_get_image_width(d.png, d.info), height = png_get_image_height(d.png, d.info);
  if (width * height > kMaxPixels) {
    return bad_input(fmt::format("{}: {}x{} pixels are more than the {} million taken; make it smaller", where, width,
                                 height, kMaxPixels >> 20));
  }
  Image image = make_image(static_cast<int>(width), static_cast<int>(height), 3);
  if (png_get_rowbytes(d.png, d.info) != image.row_bytes()) return damaged();
  std::vector<png_bytep> rows(static_cast<size_t>(height));
  for (int y = 0; y < height; ++y) rows[static_cast<size_t>(y)] = image.row(y);
  if (!read_rows(d, rows.data())) return damaged();
  return image;
}

}  // namespace

Result<Image> decode_png(std::span<const std::byte> bytes, const std::string& where) {
  Decoder d;
  d.next = bytes.data();
  d.left = bytes.size();
  d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning);
  d.info = d.png ? png_create_info_struct(d.png) : nullptr;
  Result<Image> image = d.info ? decode(d, where) : Result<Image>(failed(where + ": no memory to decode the PNG"));
  if (d.png) png_destroy_read_struct(&d.png, d.info ? &d.info : nullptr, nullptr);
  return image;
}

}  // namespace stretto::samples
