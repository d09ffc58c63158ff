#include "samples/samples.h"

#include <gtest/gtest.h>
#include <jpeglib.h>
#include <png.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>

#include "samples/files.h"
#include "samples/npy.h"

namespace stretto::samples {
namespace {
namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("stretto_samples_test." + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const char* name) const { return (path / name).string(); }
};

std::vector<std::byte> to_bytes(const void* data, size_t size) {
  const auto* p = static_cast<const std::byte*>(data);
  return {p, p + size};
}

Image gradient(int width, int height) {
  Image image = make_image(width, height, 3);
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(i / 8);
  return image;
}

std::vector<std::byte> as_jpeg(const Image& image) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &data, &size);
  info.image_width = static_cast<unsigned>(image.width);
  info.image_height = static_cast<unsigned>(image.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < image.height; ++y) {
    auto* row = const_cast<uint8_t*>(image.row(y));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  auto bytes = to_bytes(data, size);
  std::free(data);
  return bytes;
}

std::vector<std::byte> as_png(const std::vector<uint8_t>& pixels, int width, int height, png_uint_32 format) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<unsigned>(width);
  image.height = static_cast<unsigned>(height);
  image.format = format;
  png_alloc_size_t size = 0;
  png_image_write_get_memory_size(image, size, 0, pixels.data(), 0, nullptr);
  std::vector<std::byte> out(size);
  png_image_write_to_memory(&image, out.data(), &size, 0, pixels.data(), 0, nullptr);
  out.resize(size);
  return out;
}

TEST(Pictures, PngIsExact) {
  const Image image = gradient(13, 7);
  const auto decoded = decode_image(as_png(image.pixels, 13, 7, PNG_FORMAT_RGB), "a.png");
  ASSERT_TRUE(decoded.ok()) << decoded.status().message();
  EXPECT_EQ(decoded->pixels, image.pixels);
}

TEST(Pictures, PngGreyIsSpreadAndAlphaDropped) {
  const auto grey = decode_image(as_png({1, 2, 3, 4}, 2, 2, PNG_FORMAT_GRAY), "a.png");
  ASSERT_TRUE(grey.ok());
  EXPECT_EQ(grey->pixels, (std::vector<uint8_t>{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}));
  const auto rgba = decode_image(as_png({9, 8, 7, 0, 6, 5, 4, 255}, 2, 1, PNG_FORMAT_RGBA), "a.png");
  ASSERT_TRUE(rgba.ok());
  EXPECT_EQ(rgba->pixels, (std::vector<uint8_t>{9, 8, 7, 6, 5, 4}));
}

TEST(Pictures, JpegIsClose) {
  const Image image = gradient(64, 48);
  const auto decoded = decode_image(as_jpeg(image), "a.jpg");
  ASSERT_TRUE(decoded.ok()) << decoded.status().message();
  ASSERT_EQ(decoded->pixels.size(), image.pixels.size());
  double error = 0;
  for (size_t i = 0; i < image.pixels.size(); ++i) error += std::abs(decoded->pixels[i] - image.pixels[i]);
  EXPECT_LT(error / static_cast<double>(image.pixels.size()), 12);
}

TEST(Pictures, TruncatedAndDamagedOnesAreRefusedOrDecoded) {
  std::mt19937 random(7);
  const Image image = gradient(40, 30);
  for (const auto& good : {as_jpeg(image), as_png(image.pixels, 40, 30, PNG_FORMAT_RGB)}) {
    for (size_t n = 0; n + 40 < good.size(); n += 5) {
      const auto result = decode_image(std::span(good).first(n), "a");
      ASSERT_FALSE(result.ok()) << n << " of " << good.size();
      EXPECT_EQ(result.status().code(), Code::bad_input);
    }
    for (int i = 0; i < 500; ++i) {
      auto bad = good;
      for (int k = 0; k < 4; ++k) bad[random() % bad.size()] = static_cast<std::byte>(random());
      (void)decode_image(bad, "a");
    }
  }
}

TEST(Pictures, TooManyPixelsAreRefusedBeforeAnythingIsAllocated) {
  auto file = as_png(gradient(4, 4).pixels, 4, 4, PNG_FORMAT_RGB);
  const unsigned char huge[] = {0, 0, 0xff, 0, 0, 0, 0xff, 0};  // 65280 x 65280; the CRC is then wrong as well
  std::memcpy(file.data() + 16, huge, sizeof(huge));
  EXPECT_FALSE(decode_image(file, "a.png").ok());
}

TEST(SampleFiles, SizeTellsOneSampleFromAWholeTensor) {
  const Folder folder;
  const TensorType type{DType::f32, {4, 3}};
  const std::vector<float> values(12, 1.5f);
  const auto bytes = to_bytes(values.data(), 48);
  ASSERT_TRUE(write_file(folder / "one", std::span(bytes).first(12)).ok());
  ASSERT_TRUE(write_file(folder / "all", bytes).ok());
  ASSERT_TRUE(write_file(folder / "odd", std::span(bytes).first(24)).ok());
  ASSERT_TRUE(write_file(folder / "one.npy", to_npy({DType::f32, {3}}, values.data())).ok());
  ASSERT_TRUE(write_file(folder / "turned.npy", to_npy({DType::f32, {3, 4}}, values.data())).ok());
  ASSERT_TRUE(write_file(folder / "ints.npy", to_npy({DType::i32, {4, 3}}, values.data())).ok());
  EXPECT_EQ(load_sample(folder / "one", "x", type, {})->samples, 1);
  EXPECT_EQ(load_sample(folder / "all", "x", type, {})->samples, 4);
  EXPECT_EQ(load_sample(folder / "one.npy", "x", type, {})->samples, 1);
  for (const char* wrong : {"odd", "turned.npy", "ints.npy", "missing"}) {
    const auto result = load_sample(folder / wrong, "x", type, {});
    ASSERT_FALSE(result.ok()) << wrong;
    EXPECT_NE(result.status().message().find(wrong), std::string::npos);
  }
}

TEST(SampleFiles, PicturesNeedPreprocessing) {
  const Folder folder;
  const TensorType type{DType::f32, {1, 3, 4, 4}};
  ASSERT_TRUE(write_file(folder / "a.PNG", as_png(gradient(8, 8).pixels, 8, 8, PNG_FORMAT_RGB)).ok());
  EXPECT_FALSE(load_sample(folder / "a.PNG", "x", type, {}).ok());
  const auto sample = load_sample(folder / "a.PNG", "x", type, *parse_preprocessing("resize=5,crop=4"));
  ASSERT_TRUE(sample.ok()) << sample.status().message();
  EXPECT_EQ(sample->bytes.size(), type.bytes());
}

TEST(Files, AreListedSortedAndWrittenWhole) {
  const Folder folder;
  const std::vector<std::byte> bytes(10, std::byte{1});
  for (const char* name : {"b", "a", ".hidden", "c"}) ASSERT_TRUE(write_file(folder / name, bytes).ok());
  ASSERT_TRUE(write_file(folder / "a", std::span(bytes).first(3)).ok());
  fs::create_directories(folder / "sub");
  const auto files = list_files(folder.path.string());
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(*files, (std::vector<std::string>{folder / "a", folder / "b", folder / "c"}));
  EXPECT_EQ(read_file(folder / "a")->size(), 3u);
  EXPECT_FALSE(list_files(folder / "sub").ok());
  EXPECT_FALSE(list_files(folder / "none").ok());
  EXPECT_FALSE(read_file(folder / "sub").ok());
  EXPECT_FALSE(write_file(folder / "none/x", bytes).ok());
  int left = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder.path)) ++left;
  EXPECT_EQ(left, 5);
}

}  // namespace
}  // namespace stretto::samples
