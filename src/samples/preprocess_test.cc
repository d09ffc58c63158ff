#include "samples/preprocess.h"

#include <gtest/gtest.h>

namespace stretto::samples {
namespace {

Preprocessing parsed(const char* text) {
  auto result = parse_preprocessing(text);
  EXPECT_TRUE(result.ok()) << text << ": " << result.status().message();
  return result.ok() ? *result : Preprocessing{};
}

TEST(Preprocessing, ImagenetIsTorchvisions) {
  const Preprocessing p = parsed("imagenet");
  EXPECT_EQ(p.resize_shorter, 256);
  EXPECT_EQ(p.crop_width, 224);
  EXPECT_EQ(p.mean, (std::vector{0.485, 0.456, 0.406}));
  EXPECT_EQ(p.std, (std::vector{0.229, 0.224, 0.225}));
  EXPECT_DOUBLE_EQ(p.scale, 1.0 / 255);
  EXPECT_EQ(p.filter, Filter::bilinear);
}

TEST(Preprocessing, ListsTakeThreeSeparators) {
  for (const char* text : {"mean=1,2,3,std=4,5,6", "mean=1:2:3,std=4:5:6", "mean=1/2/3,std=4/5/6"}) {
    EXPECT_EQ(parsed(text).mean, (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(parsed(text).std, (std::vector<double>{4, 5, 6}));
  }
}

TEST(Preprocessing, OptionsFollowImagenetAndEachOther) {
  const Preprocessing p =
      parsed("imagenet,filter=bicubic,crop=227,order=bgr,mean=103.939,116.779,123.68,std=1,scale=1");
  EXPECT_EQ(p.filter, Filter::bicubic);
  EXPECT_EQ(p.crop_height, 227);
  EXPECT_EQ(p.order, ChannelOrder::bgr);
  EXPECT_EQ(p.mean[2], 123.68);
  EXPECT_EQ(p.std, std::vector<double>{1});
  EXPECT_EQ(p.scale, 1);
  EXPECT_EQ(parsed("resize=320x240").resize_width, 320);
  EXPECT_EQ(parsed("resize=320x240").resize_shorter, 0);
  EXPECT_DOUBLE_EQ(parsed("scale=1/128").scale, 1.0 / 128);
}

TEST(Preprocessing, RefusalsNameTheOption) {
  for (const char* text : {"",
                           "foo",
                           "resize=",
                           "resize=0",
                           "resize=1e9",
                           "crop=10x",
                           "mean=1,2,3,4",
                           "mean=1,2",
                           "mean=a",
                           "std=0",
                           "order=rbg",
                           "filter=lanczos",
                           "scale=0",
                           "scale=1/0",
                           "mean=nan",
                           "1,2",
                           "uint8-nhwc",
                           "order=gray,mean=1,2,3",
                           "resize=224.5",
                           "imagenet,imagenet"}) {
    const auto result = parse_preprocessing(text);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.status().code(), Code::bad_usage);
  }
}

TEST(Preprocessing, ChannelsLandInPlanesInOrder) {
  Image image = make_image(2, 1, 3);
  image.pixels = {10, 20, 30, 40, 50, 60};
  const TensorType type{DType::f32, {4, 3, 1, 2}};
  const auto rgb = to_sample(image, parsed("scale=1"), type, "a.png");
  ASSERT_TRUE(rgb.ok()) << rgb.status().message();
  EXPECT_EQ(*rgb, (std::vector<float>{10, 40, 20, 50, 30, 60}));
  const auto bgr = to_sample(image, parsed("order=bgr,scale=1,mean=30,20,10,std=2"), type, "a.png");
  EXPECT_EQ(*bgr, (std::vector<float>{0, 15, 0, 15, 0, 15}));
}

TEST(Preprocessing, SizesThatDoNotFitAreRefused) {
  const Image image = make_image(8, 8, 3);
  EXPECT_FALSE(to_sample(image, parsed("crop=4"), {DType::f32, {1, 3, 5, 5}}, "a.png").ok());
  EXPECT_FALSE(to_sample(image, parsed("order=gray"), {DType::f32, {1, 3, 8, 8}}, "a.png").ok());
  EXPECT_FALSE(to_sample(image, parsed("crop=8"), {DType::u8, {1, 3, 8, 8}}, "a.png").ok());
  EXPECT_FALSE(to_sample(make_image(1, 60000, 3), parsed("resize=9000"), {DType::f32, {1, 3, 8, 8}}, "a.png").ok());
}

}  // namespace
}  // namespace stretto::samples
