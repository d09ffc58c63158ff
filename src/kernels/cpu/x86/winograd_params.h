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
  int32_t pixels = 1, blocks = 1;       // the register tile: tiles × oc blocks
  int32_t oc_chunk = 1, oc_chunks = 1;  // oc blocks of one task; tasks that share the same tiles
  int64_t weights = 0;                  // floats before the weights: the bias
  int32_t src = 0;                      // position among the inputs
  EpilogueParams epilogue;
};

namespace avx512 {
void winograd(const StepArgs& args, TaskId id);
void winograd_half(const StepArgs& args, TaskId id);
}  // namespace avx512
namespace avx2 {
void winograd(const StepArgs& args, TaskId id);
void winograd_half(const StepArgs& args, TaskId id);
}  // namespace avx2
namespace avx512_fp16 {
void winograd(const StepArgs& args, TaskId id);
}  // namespace avx512_fp16

}  // namespace stretto::kernels
