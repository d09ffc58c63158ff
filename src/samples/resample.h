// Resizing as Pillow does it: antialiased separable filters in 8-bit fixed point, rounded between the passes.
//
// Rows go first, but columns do where they lose more than twice as many pixels: Pillow 13's order, found by comparing
// pixels (versions before always take rows first; the results are a grey level apart on photographs that shrink).
#pragma once

#include "samples/image.h"

namespace stretto::samples {

enum class Filter : uint8_t { bilinear, bicubic };

/// Sizes at least 1. The arithmetic is that of Pillow's Image.resize(size, resample) without reducing_gap.
Image resize(const Image& src, int width, int height, Filter filter);

/// torchvision's CenterCrop: offsets rounded half to even, black where the picture is smaller.
Image centre_crop(const Image& src, int width, int height);

}  // namespace stretto::samples
