#include "samples/resample.h"

#include <gtest/gtest.h>

namespace stretto::samples {
namespace {

// Expected pixels were made with Pillow's Image.resize from the picture that pattern() draws.
constexpr uint8_t kBilinear5x4[] = {
    109, 117, 134, 128, 124, 126, 117, 117, 126, 128, 122, 128, 132, 130, 119, 136, 137, 142, 128, 122,
    125, 133, 127, 122, 127, 133, 129, 133, 128, 125, 138, 132, 123, 131, 125, 128, 128, 133, 131, 124,
    131, 126, 133, 127, 127, 117, 115, 123, 128, 122, 129, 117, 120, 125, 131, 125, 126, 126, 131, 131,
};
constexpr uint8_t kBicubic5x4[] = {
    105, 115, 133, 130, 126, 126, 116, 117, 127, 129, 120, 129, 132, 132, 118, 136, 139, 145, 128, 122,
    123, 134, 127, 123, 126, 135, 130, 134, 129, 125, 142, 135, 122, 129, 123, 127, 128, 135, 130, 123,
    130, 126, 135, 127, 127, 114, 112, 121, 130, 123, 132, 115, 118, 123, 134, 125, 126, 125, 131, 132,
};
constexpr uint8_t kBicubicUp7x3[] = {
    2,  31, 60, 5,  34, 63, 15, 44, 73,  31, 60, 89,  55, 84,  113, 90,  119, 148, 118, 147, 176,
    20, 49, 78, 23, 52, 81, 33, 62, 91,  51, 80, 109, 75, 104, 133, 112, 141, 170, 141, 170, 199,
    36, 65, 94, 40, 69, 98, 51, 80, 109, 70, 99, 128, 96, 125, 154, 133, 162, 191, 163, 192, 221,
};
constexpr uint8_t kGrey5x1[] = {
    24, 31, 52, 87, 136,
};

Image pattern(int width, int height) {
  Image image = make_image(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.row(y)[3 * x + c] = static_cast<uint8_t>(x * x * 7 + y * 13 + c * 29 + x * y);
      }
    }
  }
  return image;
}

template <size_t N>
void expect_pixels(const Image& image, const uint8_t (&expected)[N]) {
  EXPECT_EQ(image.pixels, std::vector<uint8_t>(expected, expected + N));
}

TEST(Resample, ShrinksAsPillowDoes) {
  expect_pixels(resize(pattern(37, 23), 5, 4, Filter::bilinear), kBilinear5x4);
  expect_pixels(resize(pattern(37, 23), 5, 4, Filter::bicubic), kBicubic5x4);
}

TEST(Resample, GrowsAndShrinksByAxisAsPillowDoes) {
  expect_pixels(resize(pattern(5, 4), 7, 3, Filter::bicubic), kBicubicUp7x3);
}

TEST(Resample, SameSizeIsTheSamePicture) {
  EXPECT_EQ(resize(pattern(9, 5), 9, 5, Filter::bicubic).pixels, pattern(9, 5).pixels);
}

TEST(Resample, GreyIsPillowsL) {
  expect_pixels(to_grey(pattern(5, 1)), kGrey5x1);
}

TEST(Resample, CropRoundsHalfToEven) {
  const Image image = pattern(9, 8);
  const Image crop = centre_crop(image, 4, 3);  // offsets 2.5 → 2 both ways
  EXPECT_EQ(crop.row(0)[0], image.row(2)[3 * 2]);
  const Image odd = centre_crop(pattern(7, 7), 4, 4);  // 1.5 → 2
  EXPECT_EQ(odd.row(0)[0], pattern(7, 7).row(2)[3 * 2]);
}

TEST(Resample, CropLargerThanThePictureIsBlackAround) {
  const Image image = pattern(2, 2);
  const Image crop = centre_crop(image, 5, 4);
  EXPECT_EQ(crop.row(0)[0], 0);
  EXPECT_EQ(crop.row(1)[3], image.row(0)[0]);
  EXPECT_EQ(crop.row(2)[3 * 2 + 1], image.row(1)[3 * 1 + 1]);
  EXPECT_EQ(crop.row(3)[14], 0);
}

}  // namespace
}  // namespace stretto::samples
