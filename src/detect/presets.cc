// How known detectors lay out their anchors.
#include <stretto/detect.h>

#include <cmath>
#include <utility>

namespace stretto {
namespace {

int cells(int pixels, int stride) {
  return (pixels + stride - 1) / stride;
}

}  // namespace

DetectorOptions retinanet(int height, int width, int classes) {
  DetectorOptions options;
  options.height = height;
  options.width = width;
  options.classes = classes;
  options.score_threshold = 0.05f;
  for (int level = 3; level <= 7; ++level) {
    const int stride = 1 << level, rows = cells(height, stride), columns = cells(width, stride);
    if (rows < 1 || columns < 1) break;  // refused by Detector
    AnchorLevel anchors{rows, columns, static_cast<float>(height / rows), static_cast<float>(width / columns), 0, {}};
    const int side = 4 * stride;
    for (double ratio : {0.5, 1.0, 2.0}) {
      for (double octave : {0.0, 1.0 / 3, 2.0 / 3}) {
        const double size = std::floor(side * std::exp2(octave)), tall = std::sqrt(ratio);
        anchors.sizes.push_back({static_cast<float>(2 * std::nearbyint(size / tall / 2)),
                                 static_cast<float>(2 * std::nearbyint(size * tall / 2))});
      }
    }
    options.levels.push_back(std::move(anchors));
  }
  return options;
}

DetectorOptions retinaface(int height, int width) {
  DetectorOptions options;
  options.height = height;
  options.width = width;
  options.classes = 2;
  options.background = 0;
  options.logits = false;
  options.centre_scale = 0.1f;
  options.size_scale = 0.2f;
  options.overlap_threshold = 0.4f;
  for (const auto& [stride, side] : {std::pair{8, 16.0f}, {16, 64.0f}, {32, 256.0f}}) {
    const auto step = static_cast<float>(stride);
    options.levels.push_back(
        {cells(height, stride), cells(width, stride), step, step, 0.5f, {{side, side}, {2 * side, 2 * side}}});
  }
  return options;
}

}  // namespace stretto
