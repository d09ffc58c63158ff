#include <random>

#include "ref/test_tensors.h"

namespace stretto::ref {
namespace {

using op::Conv, op::ConvTranspose, op::Pool, op::PoolKind;
using List = std::vector<float>;

TEST(Conv, ByHand) {
  // 3×3 image 1…9, kernel of ones, one pad all around.
  EXPECT_EQ(real(Conv{{1, 1}, {1, 1}, {1, 1, 1, 1}, 1}, {counting({1, 1, 3, 3}), floats({1, 1, 3, 3}, List(9, 1))}),
            (List{12, 21, 16, 27, 45, 33, 24, 39, 28}));
  EXPECT_EQ(real(Conv{{2, 2}, {1, 1}, {1, 1, 1, 1}, 1}, {counting({1, 1, 3, 3}), floats({1, 1, 3, 3}, List(9, 1))}),
            (List{12, 16, 24, 28}));
  // Dilation 2: the corners of a 3×3 window.
  EXPECT_EQ(real(Conv{{1, 1}, {2, 2}, {0, 0, 0, 0}, 1}, {counting({1, 1, 3, 3}), floats({1, 1, 2, 2}, List(4, 1))}),
            (List{20}));
  // Uneven pads: one column in front only.
  EXPECT_EQ(real(Conv{{1}, {1}, {1, 0}, 1}, {counting({1, 1, 3}), floats({1, 1, 2}, {10, 1})}), (List{1, 12, 23}));
}

TEST(Conv, ChannelsGroupsBatchAndBias) {
  // Two groups of two channels, 1×1 kernel: group g reads channels 2g and 2g+1.
  EXPECT_EQ(real(Conv{{1}, {1}, {0, 0}, 2},
                 {counting({2, 4, 1}), floats({2, 2, 1}, {1, 10, 100, 1000}), floats({2}, {0.5f, -1})}),
            (List{21.5f, 4299, 65.5f, 8699}));
  // Depthwise.
  EXPECT_EQ(real(Conv{{1}, {1}, {0, 0}, 2}, {counting({1, 2, 3}), floats({2, 1, 2}, {1, 1, 1, -1})}),
            (List{3, 5, -1, -1}));
}

TEST(Conv, ThreeSpatialAxes) {
  EXPECT_EQ(real(Conv{{1, 1, 1}, {1, 1, 1}, {0, 0, 0, 0, 0, 0}, 1},
                 {counting({1, 1, 2, 2, 2}), floats({1, 1, 2, 2, 2}, List(8, 1))}),
            (List{36}));
}

TEST(Conv, PadsLargerThanTheKernelGiveTheBias) {
  EXPECT_EQ(real(Conv{{1}, {1}, {2, 2}, 1}, {floats({1, 1, 1}, {3}), floats({1, 1, 1}, {2}), floats({1}, {7})}),
            (List{7, 7, 13, 7, 7}));
}

TEST(ConvTranspose, ByHand) {
  // Each input element stamps the kernel, two apart.
  EXPECT_EQ(real(ConvTranspose{{2}, {1}, {0, 0}, {0}, 1}, {floats({1, 1, 2}, {1, 10}), floats({1, 1, 3}, {1, 2, 3})}),
            (List{1, 2, 13, 20, 30}));
  EXPECT_EQ(real(ConvTranspose{{2}, {1}, {1, 1}, {1}, 1}, {floats({1, 1, 2}, {1, 10}), floats({1, 1, 3}, {1, 2, 3})}),
            (List{2, 13, 20, 30}));
  EXPECT_EQ(real(ConvTranspose{{1}, {2}, {0, 0}, {0}, 1}, {floats({1, 1, 2}, {1, 10}), floats({1, 1, 2}, {1, 2})}),
            (List{1, 10, 2, 20}));
  EXPECT_EQ(real(ConvTranspose{{2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}, 1},
                 {floats({1, 1, 1, 2}, {1, 2}), floats({1, 1, 2, 2}, {1, 2, 3, 4}), floats({1}, {100})}),
            (List{101, 102, 102, 104, 103, 104, 106, 108}));
}

TEST(ConvTranspose, Groups) {
  // Two groups; weights are [C, O/group, k].
  EXPECT_EQ(
      real(ConvTranspose{{1}, {1}, {0, 0}, {0}, 2}, {floats({1, 2, 1}, {2, 3}), floats({2, 2, 1}, {1, 10, 100, 1000})}),
      (List{2, 20, 300, 3000}));
}

TEST(ConvTranspose, IsTheAdjointOfConv) {
  // ⟨conv(x), y⟩ = ⟨x, convT(y)⟩ for the same weights, with strides, dilations, pads and groups.
  std::mt19937 random(7);
  auto noise = [&](Shape shape) {
    List v(static_cast<size_t>(elements(shape)));
    for (float& f : v) f = static_cast<float>(static_cast<int>(random() % 9) - 4);
    return floats(shape, v);
  };
  auto dot = [](const Tensor& a, const Tensor& b) {
    double sum = 0;
    for (int64_t i = 0; i < a.elements(); ++i) sum += a.as<float>()[size_t(i)] * b.as<float>()[size_t(i)];
    return sum;
  };
  Tensor x = noise({2, 4, 9, 8}), weights = noise({6, 2, 3, 2});
  Tensor forward = computed(Conv{{2, 1}, {1, 3}, {1, 0, 2, 1}, 2}, {x, weights});
  Tensor y = noise(forward.shape());
  Tensor back = computed(ConvTranspose{{2, 1}, {1, 3}, {1, 0, 2, 1}, {1, 0}, 2}, {y, weights});
  ASSERT_EQ(to_string(back.type()), to_string(x.type()));
  EXPECT_EQ(dot(forward, y), dot(x, back));
}

TEST(Pool, Maximum) {
  EXPECT_EQ(real(Pool{PoolKind::max, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}}, {counting({1, 1, 4, 4})}),
            (List{6, 8, 14, 16}));
  EXPECT_EQ(real(Pool{PoolKind::max, {3}, {2}, {1}, {1, 1}}, {floats({1, 1, 4}, {-5, -4, -3, -2})}), (List{-4, -2}));
  EXPECT_EQ(real(Pool{PoolKind::max, {2}, {1}, {2}, {0, 0}}, {floats({1, 1, 4}, {4, 3, 9, 1})}), (List{9, 3}));
  EXPECT_EQ(real(Pool{PoolKind::max, {2}, {2}, {1}, {0, 0}, false, true}, {counting({1, 1, 3})}), (List{2, 3}));
}

TEST(Pool, AverageDividesByWhatItSees) {
  EXPECT_EQ(real(Pool{PoolKind::average, {3}, {1}, {1}, {1, 1}, false}, {floats({1, 1, 3}, {2, 4, 9})}),
            (List{3, 5, 6.5f}));
  EXPECT_EQ(real(Pool{PoolKind::average, {3}, {1}, {1}, {1, 1}, true}, {floats({1, 1, 3}, {3, 6, 9})}),
            (List{3, 6, 5}));
}

TEST(Pool, WhatCeilModeReachesPastThePadsCountsForNothing) {
  // 4 elements, kernel 3, stride 2: the last window holds two elements.
  EXPECT_EQ(real(Pool{PoolKind::average, {3}, {2}, {1}, {0, 0}, false, true}, {floats({1, 1, 4}, {3, 6, 9, 1})}),
            (List{6, 5}));
  EXPECT_EQ(real(Pool{PoolKind::average, {3}, {2}, {1}, {0, 0}, true, true}, {floats({1, 1, 4}, {3, 6, 9, 1})}),
            (List{6, 5}));
  // One pad at each end is counted; the position after the trailing pad is not: 4 elements, windows at −1, 2.
  EXPECT_EQ(real(Pool{PoolKind::average, {4}, {3}, {1}, {1, 1}, true, true}, {floats({1, 1, 4}, {4, 4, 6, 3})}),
            (List{3.5f, 3}));
}

}  // namespace
}  // namespace stretto::ref
