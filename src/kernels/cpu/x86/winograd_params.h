// A 3×3 convolution by Winograd's minimal filtering, as numbers for the loops.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/x86/epilogue_params.h"

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

/// Most channel blocks of dst that one product makes at a time.
inline constexpr int kMaxWinogradBlocks = 4;

struct WinogradParams {
  int32_t size = 4;    // m of F(m×m, 3×3): 2, 4 or 6; with stride 2 only 2 or 4
  int32_t stride = 1;  // 1 or 2
  int32_t points = 6;  // of one axis
  int32_t ih = 1, iw = 1, oh = 1, ow = 1, pt = 0, pl = 0;
  int32_t tiles_w = 1, tiles = 1;           // of one image: in a row, in all
  int32_t tile_block = 1, tile_blocks = 1;  // tiles of one task; tasks of one image
  int32_t ic_blocks = 1, oc_blocks = 1;
  int32_t last_quads = 1;               // fours of channels in the last ic block
  int32_t blocks = 1;                   // the register tile's oc blocks
  int32_t pixels = 1;                   // and the most of its tiles
  int32_t oc_chunk = 1, oc_chunks = 1;  // oc blocks of one task; tasks that share the same tiles
  int32_t ic_chunk = 1;                 // ic blocks transformed at a time: sums rest in the scratch in between
  int64_t weights = 0;                  // floats before the weights: the bias
  // Worker scratch, in floats: the transformed input of a chunk [position][ic block][tile][width], the products
  // [group of `blocks`][position][block][tile][width], a row of positions of a group's raw weights, transformed
  // [position of the row][ic block][channel][block][width]. Positions are an odd number of cache lines apart, so that
  // those of one tile do not fall into the same few sets of a cache.
  int64_t input_position = 0, product_position = 0, weight_position = 0;
  int64_t products = 0, group_products = 0, raw = 0, scratch = 0;
  int32_t src = 0;  // position among the inputs
  EpilogueParams epilogue;
};

namespace avx512 {
void winograd(const StepArgs& args, TaskId id);
void winograd_half(const StepArgs& args, TaskId id);
void winograd_raw(const StepArgs& args, TaskId id);
void winograd_raw_half(const StepArgs& args, TaskId id);
}  // namespace avx512
namespace avx2 {
void winograd(const StepArgs& args, TaskId id);
void winograd_half(const StepArgs& args, TaskId id);
void winograd_raw(const StepArgs& args, TaskId id);
void winograd_raw_half(const StepArgs& args, TaskId id);
}  // namespace avx2
namespace avx512_fp16 {
void winograd(const StepArgs& args, TaskId id);
}  // namespace avx512_fp16

}  // namespace stretto::kernels
