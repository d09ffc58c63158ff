#include <gtest/gtest.h>
#include <stretto/detect.h>

#include <cmath>
#include <limits>

namespace stretto {
namespace {

/// Two cells of 10 pixels side by side, an anchor of 8×4 in each; two classes.
DetectorOptions two_cells() {
  DetectorOptions o;
  o.height = 10;
  o.width = 20;
  o.levels = {{1, 2, 10, 10, 0.5f, {{8, 4}}}};
  o.classes = 2;
  o.logits = false;
  return o;
}

void expect_box(const Box& b, float x0, float y0, float x1, float y1) {
  EXPECT_FLOAT_EQ(b.x0, x0);
  EXPECT_FLOAT_EQ(b.y0, y0);
  EXPECT_FLOAT_EQ(b.x1, x1);
  EXPECT_FLOAT_EQ(b.y1, y1);
}

TEST(Detector, AnchorsLieAroundTheirCells) {
  const Detector detector(two_cells());
  ASSERT_EQ(detector.anchors().size(), 2u);
  expect_box(detector.anchors()[0], 1, 3, 9, 7);
  expect_box(detector.anchors()[1], 11, 3, 19, 7);
}

TEST(Detector, OffsetsMoveAndScaleAnchors) {
  const Detector detector(two_cells());
  const float scores[] = {0, 0.9f, 0.1f, 0};
  const float offsets[] = {0.25f, -0.5f, 0, std::log(2.0f), 0, 0, 0, 0};
  const auto found = detector.detect(scores, offsets);
  ASSERT_EQ(found.size(), 1u);
  expect_box(found[0].box, 3, 0, 11, 7);  // centre (7, 3), 8 × 8, cut off at the upper edge
  EXPECT_EQ(found[0].label, 1);
  EXPECT_EQ(found[0].anchor, 0);
  EXPECT_FLOAT_EQ(found[0].score, 0.9f);
}

TEST(Detector, SuppressesWithinAClassAlone) {
  DetectorOptions o = two_cells();
  const float offsets[] = {1.25f, 0, 0, 0, 0, 0, 0, 0};  // both at the second cell
  const float one_class[] = {0.8f, 0, 0.9f, 0}, two_classes[] = {0.8f, 0, 0, 0.9f};
  EXPECT_EQ(Detector(o).detect(one_class, offsets).size(), 1u);
  EXPECT_EQ(Detector(o).detect(one_class, offsets)[0].anchor, 1);
  EXPECT_EQ(Detector(o).detect(two_classes, offsets).size(), 2u);
  o.detections = 1;
  EXPECT_EQ(Detector(o).detect(two_classes, offsets)[0].label, 1);
}

TEST(Detector, WhatIsNotFiniteIsNoDetection) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const Detector detector(two_cells());
  const float scores[] = {nan, inf, 0.9f, 0.9f}, good[8] = {}, bad[] = {0, 0, 0, 0, inf, 0, 0, 0};
  EXPECT_EQ(detector.detect(scores, good).size(), 2u);
  EXPECT_EQ(detector.detect(scores, bad).size(), 0u);
}

TEST(Detector, RefusesWhatDoesNotFit) {
  const float scores[4] = {}, offsets[8] = {};
  EXPECT_THROW(Detector(two_cells()).detect(std::span(scores, 3), offsets), Error);
  EXPECT_THROW(Detector(two_cells()).detect(scores, std::span(offsets, 4)), Error);
  EXPECT_THROW(Detector(retinanet(0, 320)), Error);
  DetectorOptions o = two_cells();
  o.overlap_threshold = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(Detector{o}, Error);
  o = two_cells();
  o.levels[0].rows = 1 << 15;
  o.levels[0].columns = 1 << 15;
  EXPECT_THROW(Detector{o}, Error);
}

TEST(Detector, KnownNetworksHaveTheirAnchors) {
  EXPECT_EQ(Detector(retinaface(320, 320)).anchors().size(), size_t{2 * (1600 + 400 + 100)});
  const Detector detector(retinanet(320, 320));
  EXPECT_EQ(detector.anchors().size(), size_t{9 * (1600 + 400 + 100 + 25 + 9)});
  expect_box(detector.anchors()[3], -16, -16, 16, 16);  // of the first level, square, of the first octave
}

}  // namespace
}  // namespace stretto
