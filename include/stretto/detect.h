// From a detector's raw outputs to boxes: anchors, box decoding, suppression by class.
//
// Boxes are in pixels of the network's input, x to the right and y down. Lin et al., "Focal Loss for Dense Object
// Detection" (RetinaNet); Deng et al., "RetinaFace: Single-stage Dense Face Localisation in the Wild"; the coding of
// boxes is of Girshick et al., "Rich feature hierarchies …" (R-CNN), appendix C.
#pragma once

#include <stretto/error.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stretto {

struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

/// Intersection over union; 0 where either has no area.
float overlap(const Box& a, const Box& b);

struct Detection {
  Box box;
  float score = 0;     ///< probability
  int32_t label = 0;   ///< number of its class
  int32_t anchor = 0;  ///< number of the anchor that it comes from
};

/// One level of a feature pyramid: in each cell, an anchor of each size around the same centre.
struct AnchorLevel {
  struct Size {
    float width = 0, height = 0;  ///< pixels
  };
  int rows = 0, columns = 0;
  float stride_y = 0, stride_x = 0;  ///< pixels from one cell to the next
  float first = 0;                   ///< centre of the first cell, in cells: 0, or 0.5 for its middle
  std::vector<Size> sizes;           ///< in the order of the network's outputs
};

struct DetectorOptions {
  int height = 0, width = 0;        ///< of the network's input, in pixels; boxes are cut off there
  std::vector<AnchorLevel> levels;  ///< their anchors one level after the other, row by row, cell by cell
  int classes = 1;
  int background = -1;  ///< the class that means nothing is there; −1: none does
  bool logits = true;   ///< scores are taken through the logistic function; false: they are probabilities
  /// centre = anchor's centre + offset · centre_scale · anchor's size; size = anchor's size · exp(offset · size_scale)
  float centre_scale = 1, size_scale = 1;
  float max_growth = 62.5f;        ///< a size is at most so many times its anchor's
  float score_threshold = 0.5f;    ///< lower ones are not looked at
  float overlap_threshold = 0.5f;  ///< of two boxes of a class that overlap more, the one with the lower score goes
  size_t candidates = 1000;        ///< of each level, the best so many (box, class) are looked at
  size_t detections = 300;         ///< at most, of a picture
};

/// As torchvision's RetinaNet with a ResNet-50 pyramid (levels 3 to 7, 9 anchors a cell) has them; score threshold
/// 0.05.
DetectorOptions retinanet(int height, int width, int classes = 91);
/// As RetinaFace with MobileNet-0.25 has them: three levels, 2 anchors a cell, class 1 is a face.
DetectorOptions retinaface(int height, int width);

/// Immutable, so safe to use from any thread.
class Detector {
 public:
  /// Throws Error(bad_usage) when sizes or thresholds make no sense.
  explicit Detector(DetectorOptions options);

  const DetectorOptions& options() const { return options_; }
  const std::vector<Box>& anchors() const { return anchors_; }

  /// One picture's: `scores` [anchors, classes], `offsets` [anchors, 4] (x, y, width, height), dense. Best score first;
  /// of equal ones, the earlier anchor. What is not finite is no detection. Throws Error(bad_usage) when sizes differ.
  std::vector<Detection> detect(std::span<const float> scores, std::span<const float> offsets) const;

 private:
  DetectorOptions options_;
  std::vector<Box> anchors_;
  std::vector<size_t> level_ends_;  // anchors up to the end of each level
};

}  // namespace stretto
