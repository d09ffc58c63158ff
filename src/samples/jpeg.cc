// libjpeg reports errors by longjmp: functions that it may leave that way own nothing with a destructor.
#include <fmt/format.h>
#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <cstdio>

#include "samples/image.h"

namespace stretto::samples {
namespace {

/// A progressive file with more scans than this is an attack, not a picture.
constexpr int kMaxScans = 500;

struct Decoder {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void give_up(j_common_ptr info) {
  auto* decoder = static_cast<Decoder*>(info->client_data);
  info->err->format_message(info, decoder->message);
  std::longjmp(decoder->escape, 1);
}

/// Warnings are kept quiet; data that end early are an error, as in Pillow.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  ++info->err->num_warnings;
  if (info->err->msg_code == JWRN_JPEG_EOF) give_up(info);
}

void on_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  auto* decoder = static_cast<Decoder*>(info->client_data);
  std::snprintf(decoder->message, sizeof(decoder->message), "more than %d scans", kMaxScans);
  std::longjmp(decoder->escape, 1);
}

void start(Decoder& d) {
  d.info.err = jpeg_std_error(&d.errors);
  d.errors.error_exit = give_up;
  d.errors.emit_message = on_message;
  d.info.client_data = &d;
  d.message[0] = 0;
}

/// Reads the header and chooses the colours to decode to: grey, RGB or CMYK.
bool read_header(Decoder& d, const unsigned char* data, size_t bytes) {
  if (setjmp(d.escape) != 0) return false;
  jpeg_create_decompress(&d.info);
  d.info.client_data = &d;
  d.progress = {};
  d.progress.progress_monitor = on_progress;
  d.info.progress = &d.progress;
  jpeg_mem_src(&d.info, data, static_cast<unsigned long>(bytes));
  jpeg_read_header(&d.info, TRUE);
  switch (d.info.jpeg_color_space) {
    case JCS_GRAYSCALE:
      d.info.out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      d.info.out_color_space = JCS_CMYK;
      break;
    default:
      d.info.out_color_space = JCS_RGB;
      break;
  }
  return true;
}

/// `rows` holds `image_height` rows of image_width × output components.
bool read_rows(Decoder& d, unsigned char* rows) {
  if (setjmp(d.escape) != 0) return false;
  jpeg_start_decompress(&d.info);
  const size_t stride = static_cast<size_t>(d.info.output_width) * static_cast<size_t>(d.info.output_components);
  while (d.info.output_scanline < d.info.output_height) {
    JSAMPROW row = rows + d.info.output_scanline * stride;
    jpeg_read_scanlines(&d.info, &row, 1);
  }
  jpeg_finish_decompress(&d.info);
  return true;
}

int components(J_COLOR_SPACE space) {
  return space == JCS_GRAYSCALE ? 1 : space == JCS_CMYK ? 4 : 3;
}

/// From what was decoded to RGB, in Pillow's arithmetic: Adobe's CMYK is stored inverted.
void to_rgb(const std::vector<uint8_t>& raw, int channels, Image& out) {
  const size_t count = out.pixels.size() / 3;
  for (size_t i = 0; i < count; ++i) {
    uint8_t* p = &out.pixels[3 * i];
    if (channels == 1) {
      p[0] = p[1] = p[2] = raw[i];
      continue;
    }
    const uint8_t* cmyk = &raw[4 * i];
    const int white = cmyk[3];
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - cmyk[c]) * white + 128;
      const int value = white - ((product >> 8) + product) / 256;
      p[c] = static_cast<uint8_t>(value < 0 ? 0 : value);
    }
  }
}

Result<Image> decode(Decoder& d, std::span<const std::byte> bytes, const std::string& where) {
  const auto damaged = [&] {
    return bad_input(fmt::format("{}: damaged JPEG ({}); replace the file", where, d.message));
  };
  if (!read_header(d, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size())) return damaged();
  const int64_t width = d.info.image_width, height = d.info.image_height;
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide || width * height > kMaxPixels) {
    return bad_input(fmt::format("{}: {}x{} pixels are more than the {} million taken; make it smaller", where, width,
                                 height, kMaxPixels >> 20));
  }
  const int channels = components(d.info.out_color_space);
  Image image = make_image(static_cast<int>(width), static_cast<int>(height), 3);
  if (channels == 3) return read_rows(d, image.pixels.data()) ? Result<Image>(std::move(image)) : damaged();
  std::vector<uint8_t> raw(static_cast<size_t>(width * height * channels));
  if (!read_rows(d, raw.data())) return damaged();
  to_rgb(raw, channels, image);
  return image;
}

}  // namespace

Result<Image> decode_jpeg(std::span<const std::byte> bytes, const std::string& where) {
  Decoder d{};
  start(d);
  Result<Image> image = decode(d, bytes, where);
  jpeg_destroy_decompress(&d.info);
  return image;
}

}  // namespace stretto::samples
