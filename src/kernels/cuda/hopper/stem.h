// How residual networks begin, in one kernel: 7 × 7 convolution of up to four planes with stride 2, bounds from zero
// up, 3 × 3 maximum with stride 2; 64 channels. Reads a plain f32 image, writes f16 of channels last.
//
// A block makes 3 × 8 pixels of the result from 7 × 17 of the convolution. It holds the patch of the image below as f16
// pixels of four channels, so that eight neighbours are 64 bytes: a row of taps is 32 deep (it begins one pixel early,
// the weights there are zero), and operand A is read from the patch as it lies, nothing is expanded.
#pragma once

#include "kernels/cuda/hopper/epilogue.h"

namespace stretto::kernels::cuda::hopper {

inline constexpr int kStemColumns = 64, kStemTaps = 7, kStemTapRow = 32, kStemDepth = kStemTaps * kStemTapRow;
inline constexpr int kStemPoolH = 3, kStemPoolW = 8;                                    // a block's part of the result
inline constexpr int kStemConvH = 2 * kStemPoolH + 1, kStemConvW = 2 * kStemPoolW + 1;  // and of the convolution
inline constexpr int kStemPatchH = 2 * kStemConvH + 5, kStemPatchW = 2 * kStemConvW + 6;
inline constexpr int kStemWeightsBytes = kStemColumns * kStemDepth * 2;  // f16 [column][depth]; then the bias in f32

struct StemParams {
  int32_t images, in_c, in_h, in_w, conv_h, conv_w, pool_h, pool_w;
  float high;  // bounds of the convolution: [0, high]

  STRETTO_BOTH int32_t tiles_x() const { return (pool_w + kStemPoolW - 1) / kStemPoolW; }
  STRETTO_BOTH int32_t tiles_y() const { return (pool_h + kStemPoolH - 1) / kStemPoolH; }
  STRETTO_BOTH int32_t tiles() const { return images * tiles_x() * tiles_y(); }
};

/// The first pixel of a tile, of the result; the convolution's, that pixel (0, 0) of the tile's part is, and the
/// image's, that the patch begins with, follow.
struct StemPlace {
  int32_t image, y, x;
  STRETTO_BOTH int32_t conv_y() const { return 2 * y - 1; }
  STRETTO_BOTH int32_t conv_x() const { return 2 * x - 1; }
  STRETTO_BOTH int32_t image_y() const { return 2 * conv_y() - 3; }
  STRETTO_BOTH int32_t image_x() const { return 2 * conv_x() - 4; }
};
STRETTO_BOTH inline StemPlace stem_place(const StemParams &p, int32_t tile) {
  const int32_t x = tile % p.tiles_x(), rest = tile / p.tiles_x();
  return {rest / p.tiles_y(), rest % p.tiles_y() * kStemPoolH, x * kStemPoolW};
}
/// Where a pixel of the patch lies in plane 0 of the source, in elements; −1: outside the image.
STRETTO_BOTH inline int32_t stem_source(const StemParams &p, const StemPlace &at, int32_t y, int32_t x) {
  y += at.image_y(), x += at.image_x();
  const bool inside = static_cast<uint32_t>(y) < static_cast<uint32_t>(p.in_h) &&
                      static_cast<uint32_t>(x) < static_cast<uint32_t>(p.in_w);
  return inside ? (at.image * p.in_c * p.in_h + y) * p.in_w + x : -1;
}
/// Whether pixel `m` of the tile's part of the convolution is one of the convolution's.
STRETTO_BOTH inline bool stem_is_inside(const StemParams &p, const StemPlace &at, int32_t m) {
  const int32_t y = at.conv_y() + m / kStemConvW, x = at.conv_x() + m % kStemConvW;
  return static_cast<uint32_t>(y) < static_cast<uint32_t>(p.conv_h) &&
         static_cast<uint32_t>(x) < static_cast<uint32_t>(p.conv_w);
}

}  // namespace stretto::kernels::cuda::hopper
