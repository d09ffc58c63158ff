// What an integer product does to its sums before they are stored, as plain numbers for the loops.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stretto::kernels {

/// y = zero + rint(clamp(float(sum) · scale [+ float(other − other_zero) · other_scale])), below zero times `slope`, as
/// op::Requantize says, or float(sum) · scale, no less than `least` and no more than `greatest`. Bytes are computed as
/// u8: those of i8 plus 128, and `flip` turns them back.
struct IntegerEpilogueParams {
  int32_t floats = 0;  // store float(sum) · scale
  float least = -__builtin_inff(), greatest = __builtin_inff();
  int32_t lookup = 0;  // the byte is replaced by that of a table
  int32_t other = -1;  // position among the inputs
  int32_t other_zero = 0;
  float other_scale = 0;
  int32_t sloped = 0;                     // slope is not 1
  float slope = 1;                        // of what is below zero, 0 to 1: max(t · slope, t)
  float most = 0;                         // high − zero
  int32_t zero = 0, low = 0, high = 255;  // as u8
  int32_t plain = 0;                      // nothing is added or sloped, zero is 0, bounds are those of u8
  int32_t flip = 0, other_flip = 0;       // 0x80: i8
  int32_t tail = 16;                      // channels in the last block, 1 to 16; the other lanes become 0
};

/// Some blocks of 16 channels; those of scales and sums are 16 numbers and sums_block numbers apart.
struct IntegerOutput {
  const IntegerEpilogueParams* e;
  const float* scales;
  const uint8_t* table;
  const uint8_t* other;  // null if there is none; laid out as dst
  uint8_t* dst;
  ptrdiff_t dst_pixel, dst_vector;  // bytes
  ptrdiff_t dst_block, sums_block;  // bytes, numbers
  int blocks;
  int channels;  // of the last of these blocks
};

}  // namespace stretto::kernels
