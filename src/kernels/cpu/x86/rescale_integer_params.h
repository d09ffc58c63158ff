// Quantisation and changes of scale of bytes in blocks of sixteen channels, as numbers for the loops.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

/// A task makes `part` pixels of plane_block planes: blocks of sixteen channels, or single channels of plain bytes.
/// The weights are the scales, filled up with zeros to whole blocks, and a table.
struct RescaleParams {
  enum Work : int32_t {
    quantize,          // real numbers to bytes
    dequantize,        // bytes to real numbers
    dequantize_plain,  // the same, both plain
    requantize,        // bytes, and perhaps others, to bytes, and perhaps through a table of bytes
    look_up,           // bytes to bytes or real numbers
    rescale_sums,      // plain i32, one pixel a channel, to bytes or real numbers
  };
  Work work = requantize;
  int32_t planes = 1, channel_blocks = 1, channels = 1, plane_block = 1, parts = 1;
  int64_t pixels = 1, part = 1;
  int32_t src = 0, other = -1;  // positions among the inputs
  // Real numbers: from pixel to pixel 16 (c16) or 8 (c8, `real_blocks` blocks an image), or 1: plain; 0: there are
  // none.
  int32_t real_step = 0, real_blocks = 1;
  int32_t to_bytes = 1, plain_bytes = 0;  // of rescale_sums: what is stored
  // Signed bytes are read as unsigned ones, 128 more: `flip` is then 128, and part of the zero point.
  int32_t flip = 0, other_flip = 0, src_zero = 0, other_zero = 0, zero = 0;
  float scale = 1, other_scale = 0, slope = 1, least = 0, most = 0;
  int32_t one_scale = 0, byte_table = 0, real_table = 0;
  int64_t table = 0;  // bytes before the table in the weights
};

namespace avx512_integer {
void rescale(const StepArgs& args, TaskId id);
}  // namespace avx512_integer
namespace avx2_integer {
void rescale(const StepArgs& args, TaskId id);
}  // namespace avx2_integer

}  // namespace stretto::kernels
