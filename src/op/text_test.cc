#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "op/enum_names.h"
#include "op/op.h"

namespace stretto::op {
namespace {

std::vector<Attrs> samples() {
  return {
      Conv{{2, 1}, {1, 3}, {0, 1, 2, 3}, 4},
      ConvTranspose{{2, 2}, {1, 1}, {1, 1, 0, 0}, {1, 0}, 1},
      Gemm{true, false, 0.1f, -1e-30f},
      MatMul{},
      BatchNorm{1e-3f},
      Unary{UnaryKind::clip, 0, 6},
      Unary{UnaryKind::clip, -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max()},
      Binary{BinaryKind::prelu},
      Softmax{3},
      Lrn{3, 2e-5f, 0.75f, 2},
      Pool{PoolKind::average, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, true, true},
      Reduce{ReduceKind::max, {}, false},
      Reduce{ReduceKind::mean, {2, 3}, true},
      Concat{0},
      Slice{{0, 5}, {1, -2}, {3, 2}},
      Reshape{{}},
      Reshape{{0, 7}},
      Transpose{{0, 2, 3, 1}},
      Expand{{4, 1}},
      Gather{1},
      Pad{PadMode::reflect, {0, 0, -1, 2, 0, 0, 1, 1}, -0.0f},
      Resize{ResizeMode::cubic, ResizeCoordinate::align_corners, ResizeRounding::ceil, {1, 2, 3, 4}, 1.5f, 0.3f, -0.5f},
      Cast{DType::i64},
      Reformat{},
      Quantize{0.1f, 128, DType::u8},
      Dequantize{-3, 0},
      Requantize{1, 2, 0.3f, 4, 5, 250, DType::u8, 0.1f},
      Lookup{},
      ConvInteger{{{2, 1}, {1, 3}, {0, 1, 2, 3}, 4}, 7},
      ConvTransposeInteger{{{2, 2}, {1, 1}, {1, 1, 0, 0}, {1, 0}, 1}, 7},
      GemmInteger{255},
      Map{MapKind::elu, 0.5f, 0},
      Map{MapKind::select},
      Cumulate{CumulateKind::product, 2, true, false},
      TopK{1, 5, false},
      PoolIndices{{PoolKind::max, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, false, true}},
      Scatter{ScatterKind::min},
      GridSample{GridMode::cubic, GridPadding::reflection, true},
      RoiAlign{PoolKind::max, 7, 5, 2, 0.25f, false},
      NonMaxSuppression{100, 0.5f, -std::numeric_limits<float>::infinity(), true},
  };
}

TEST(Text, EveryOperatorReadsBackAsItWasWritten) {
  std::vector<bool> seen(std::variant_size_v<Attrs>, false);
  for (const Attrs& attrs : samples()) {
    seen[attrs.index()] = true;
    std::string text = to_string(attrs);
    Result<Attrs> back = attrs_from_string(text);
    ASSERT_TRUE(back.ok()) << text << ": " << back.status().message();
    EXPECT_TRUE(*back == attrs) << text;
    EXPECT_EQ(to_string(*back), text);
  }
  for (size_t i = 0; i < seen.size(); ++i) EXPECT_TRUE(seen[i]) << "no sample of alternative " << i;
}

TEST(Text, IsWhatFilesOnDiskHold) {
  EXPECT_EQ(to_string(Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}), "conv(strides=1x1,dilations=1x1,pads=0x0x0x0,group=1)");
  EXPECT_EQ(to_string(MatMul{}), "matmul()");
  EXPECT_EQ(to_string(Unary{UnaryKind::leaky_relu, 0.1f, 0}), "unary(kind=leaky_relu,a=0.1,b=0)");
  EXPECT_EQ(to_string(Gemm{}), "gemm(trans_a=0,trans_b=0,alpha=1,beta=1)");
  EXPECT_EQ(to_string(Reduce{ReduceKind::mean, {2, 3}, true}), "reduce(kind=mean,axes=2x3,keepdims=1)");
  EXPECT_EQ(to_string(Reshape{{}}), "reshape(shape=-)");
  EXPECT_EQ(to_string(Cast{DType::boolean}), "cast(to=bool)");
}

TEST(Text, EveryEnumHasANameThatReadsBack) {
  for (int k = 0; k <= static_cast<int>(UnaryKind::linear); ++k) {
    auto kind = static_cast<UnaryKind>(k);
    EXPECT_EQ(enum_from_name<UnaryKind>(name_of(kind)), kind);
  }
  for (int k = 0; k <= static_cast<int>(BinaryKind::prelu); ++k) {
    auto kind = static_cast<BinaryKind>(k);
    EXPECT_EQ(enum_from_name<BinaryKind>(name_of(kind)), kind);
  }
  for (int k = 0; k <= static_cast<int>(MapKind::select); ++k) {
    EXPECT_EQ(enum_from_name<MapKind>(enum_name(static_cast<MapKind>(k))), static_cast<MapKind>(k));
  }
  EXPECT_EQ(name_of(static_cast<UnaryKind>(200)), "?");
}

TEST(Text, DisplayNamesAreWhatAReaderExpects) {
  EXPECT_EQ(display_name(Unary{UnaryKind::hard_swish}), "hard_swish");
  EXPECT_EQ(display_name(Binary{BinaryKind::add}), "add");
  EXPECT_EQ(display_name(Pool{}), "max_pool");
  EXPECT_EQ(display_name(Reduce{}), "reduce_mean");
  EXPECT_EQ(display_name(Conv{}), "conv");
}

TEST(Text, RefusesWhatIsNotExactlyItsOwn) {
  const char* refused[] = {"",
                           "(",
                           ")",
                           "()",
                           "conv",
                           "conv(",
                           "conv()",
                           "conv)",
                           "nothing()",
                           "matmul(a=1)",
                           "matmul()x",
                           " matmul()",
                           "matmul(",
                           "gemm(trans_a=0,trans_b=0,alpha=1)",
                           "gemm(trans_a=0,trans_b=0,alpha=1,beta=1,)",
                           "gemm(trans_a=2,trans_b=0,alpha=1,beta=1)",
                           "gemm(trans_a=0,trans_b=0,alpha=,beta=1)",
                           "gemm(trans_a=0,trans_b=0,alpha=1x,beta=1)",
                           "gemm(trans_b=0,trans_a=0,alpha=1,beta=1)",
                           "softmax(axis=99999999999999999999)",
                           "softmax(axis=1.5)",
                           "softmax(axis= 1)",
                           "softmax(axis=)",
                           "softmax(axis)",
                           "softmax(axisx=1)",
                           "softmax(axis=1,axis=1)",
                           "unary(kind=evil,a=0,b=0)",
                           "unary(kind=,a=0,b=0)",
                           "reshape(shape=1xx2)",
                           "reshape(shape=1x)",
                           "reshape(shape=x)",
                           "reshape(shape=)",
                           "reshape(shape=1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1)",
                           "cast(to=f8)",
                           "cast(to=f32,)",
                           "cast(,to=f32)"};
  for (const char* text : refused) EXPECT_FALSE(attrs_from_string(text).ok()) << text;
}

TEST(Text, SurvivesRandomDamage) {
  std::mt19937 random(1);
  const std::string alphabet = "(),=x-0123456789.einfa_\n\xff";
  const std::vector<Attrs> all = samples();
  for (int round = 0; round < 20000; ++round) {
    std::string text = to_string(all[random() % all.size()]);
    for (unsigned edits = 1 + random() % 3; edits > 0; --edits) {
      size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 4);
          break;
        default:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
      }
      if (text.empty()) break;
    }
    Result<Attrs> read = attrs_from_string(text);
    EXPECT_TRUE(!read.ok() || attrs_from_string(to_string(*read)).ok()) << text;
  }
}

}  // namespace
}  // namespace stretto::op
