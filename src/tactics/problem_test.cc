#include "tactics/problem.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/half.h"
#include "tactics/match.h"
#include "tactics/reorder.h"

namespace stretto {
namespace {

constexpr const char* kResidual =
    "%0 f32[1x64x56x56] c16 in; %1 f32[64x64x1x1] plain const; %2 f32[1x64x56x56] plain mid; "
    "%3 f32[1x64x56x56] c16 in; %4 f32[1x64x56x56] plain mid; %5 f32[1x64x56x56] c16 out; "
    "%2 = conv(strides=1x1,dilations=1x1,pads=0x0x0x0,group=1) %0 %1; %4 = binary(kind=add) %2 %3; "
    "%5 = unary(kind=relu,a=0,b=0) %4";

TEST(Problem, TextRoundTrips) {
  Result<Problem> problem = problem_from_string(kResidual);
  ASSERT_TRUE(problem.ok()) << problem.status().message();
  EXPECT_EQ(to_string(*problem), kResidual);
  EXPECT_EQ(*problem_from_string(to_string(*problem)), *problem);
}

TEST(Problem, AResidualBlockIsAProductWithEpilogue) {
  Problem problem = *problem_from_string(kResidual);
  auto epilogue = match_epilogue(problem);
  ASSERT_TRUE(epilogue.has_value());
  EXPECT_TRUE(epilogue->has_binary && epilogue->has_act2 && !epilogue->has_act1);
  EXPECT_EQ(epilogue->other, 3);
  EXPECT_EQ(input_position(problem, 3), 1);
  EXPECT_EQ(constant_position(problem, 1), 0);
  EXPECT_EQ(input_position(problem, 1), -1);
}

TEST(Problem, WhatDoesNotAgreeIsRefused) {
  auto refused = [](std::string text, const std::string& from, const std::string& to) {
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos);
    return !problem_from_string(text.replace(at, from.size(), to)).ok();
  };
  EXPECT_TRUE(refused(kResidual, "%5 f32[1x64x56x56]", "%5 f32[1x64x56x57]"));
  EXPECT_TRUE(refused(kResidual, "%0 f32[1x64x56x56] c16 in", "%0 f32[1x64x56x56] c16 const"));
  EXPECT_TRUE(refused(kResidual, "%1 f32[64x64x1x1] plain", "%1 f32[64x64x1x1] c32"));
  EXPECT_TRUE(refused(kResidual, "%2 %3;", "%2 %9;"));
  EXPECT_TRUE(refused(kResidual, "%2 %3;", "%5 %3;"));
  EXPECT_TRUE(refused(kResidual, "strides=1x1", "strides=0x1"));
  EXPECT_TRUE(refused(kResidual, "[1x64x56x56] c16 in", "[1x64x5600000000x5600000000] c16 in"));
  EXPECT_TRUE(refused(kResidual, "%5 =", "%4 ="));
}

TEST(Problem, DamagedTextNeverCrashes) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 20000; ++trial) {
    std::string text = kResidual;
    for (unsigned i = 0; i <= random() % 3; ++i) {
      size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(32 + random() % 95);
          break;
        case 1:
          text.erase(at, 1 + random() % 10);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 20));
      }
    }
    Result<Problem> problem = problem_from_string(text);
    if (problem.ok()) {
      EXPECT_EQ(*problem_from_string(to_string(*problem)), *problem);
    }
  }
}

TEST(Reorder, C32hStoresF16WithZeroPadding) {
  TensorType type{DType::f32, {2, 35, 2, 3}};
  Tensor plain(type);
  for (size_t i = 0; i < plain.as<float>().size(); ++i) plain.as_mutable<float>()[i] = static_cast<float>(i) / 3;
  EXPECT_EQ(stored_bytes(type, Layout::c32h), size_t{2 * 64 * 6 * 2});
  std::vector<uint16_t> stored(static_cast<size_t>(stored_elements(type.shape, Layout::c32h)), 1);
  from_plain(type, Layout::c32h, plain.data(), stored.data());
  EXPECT_EQ(stored[1], f16_from_float(plain.as<float>()[6]));
  EXPECT_EQ(std::count(stored.begin(), stored.end(), 0), 2 * 29 * 6 + 1);
  Tensor back(type);
  to_plain(type, Layout::c32h, stored.data(), back.mutable_data());
  round_as_stored(Layout::c32h, plain);
  EXPECT_EQ(std::memcmp(back.data(), plain.data(), plain.bytes()), 0);
}

TEST(Reorder, ChannelsLastStandTogetherWithZeroPadding) {
  TensorType type{DType::f32, {2, 5, 2, 3}};
  Tensor plain(type);
  for (size_t i = 0; i < plain.as<float>().size(); ++i) plain.as_mutable<float>()[i] = static_cast<float>(i + 1);
  std::vector<float> stored(static_cast<size_t>(stored_elements(type.shape, Layout::nhwc8)), -1);
  ASSERT_EQ(stored.size(), size_t{2 * 6 * 8});
  from_plain(type, Layout::nhwc8, plain.data(), stored.data());
  EXPECT_EQ(stored[(7 * 8) + 2], plain.as<float>()[30 + 2 * 6 + 1]);  // image 1, pixel 1, channel 2
  EXPECT_EQ(std::count(stored.begin(), stored.end(), 0.0f), 2 * 6 * 3);
  std::vector<uint16_t> half(stored.size());
  from_plain(type, Layout::nhwc8h, plain.data(), half.data());
  EXPECT_EQ(stored_bytes(type, Layout::nhwc8h), half.size() * 2);
  Tensor back(type);
  to_plain(type, Layout::nhwc8h, half.data(), back.mutable_data());
  EXPECT_EQ(std::memcmp(back.data(), plain.data(), plain.bytes()), 0);
  EXPECT_FALSE(is_valid({DType::u8, {1, 8, 2, 2}}, Layout::nhwc8));
  EXPECT_FALSE(is_valid({DType::f32, {8, 8}}, Layout::nhwc8h));
}

TEST(Reorder, BlockedLayoutsRoundTripWithZeroPadding) {
  TensorType type{DType::f32, {2, 19, 3, 5}};
  Tensor plain(type);
  for (size_t i = 0; i < plain.as<float>().size(); ++i) plain.as_mutable<float>()[i] = static_cast<float>(i + 1);
  for (Layout layout : {Layout::plain, Layout::c8, Layout::c16, Layout::nhwc8}) {
    std::vector<float> stored(static_cast<size_t>(stored_elements(type.shape, layout)), -1);
    from_plain(type, layout, plain.data(), stored.data());
    double sum = 0;
    for (float v : stored) sum += v;
    double count = static_cast<double>(type.elements());
    EXPECT_EQ(sum, count * (count + 1) / 2);
    Tensor back(type);
    to_plain(type, layout, stored.data(), back.mutable_data());
    EXPECT_EQ(std::memcmp(back.data(), plain.data(), plain.bytes()), 0);
  }
  EXPECT_EQ(stored_elements(type.shape, Layout::c16), 2 * 32 * 15);
}

}  // namespace
}  // namespace stretto
