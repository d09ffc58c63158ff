// Integer convolutions over bytes in blocks of 16 channels, as numbers for the loops. Transposed convolutions are
// several passes, one for each output position modulo the stride.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/x86/integer_epilogue_params.h"

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

inline constexpr int kIntegerBlock = 16;      // channels
inline constexpr int kMaxIntegerKernel = 32;  // of a kernel's width
inline constexpr int kMaxIntegerPasses = 16;
inline constexpr int kMaxIntegerTilePixels = 14;
inline constexpr int kMaxIntegerTileBlocks = 4;
inline constexpr int kIntegerTapLines = 2;

/// One tile: for each pixel r and block b of 16 outputs,
///   sums[b, r] = start + Σ over ic blocks, kh, kw and fours of channels: src · weights.
/// Pixels of src are 16 bytes apart, those of sums 16 numbers. Strides of src and weights are in bytes.
/// Weights: [ic block][kh][kw][four of channels][b][16 outputs × 4 channels, as the instruction set wants them], all
/// fours of a block, or those there are where there is one block.
struct IntegerTileArgs {
  const uint8_t* src = nullptr;
  const std::byte* weights = nullptr;
  const int32_t* bias = nullptr;  // start from bias[b][16]; null: from what sums hold
  int32_t* sums = nullptr;
  const IntegerOutput* store = nullptr;  // if not null, the sums are stored so instead
  ptrdiff_t sums_block = 0;              // numbers
  const ptrdiff_t* taps = nullptr;       // offset of each kw in src
  ptrdiff_t src_block = 0, src_row = 0;
  ptrdiff_t tap = 0;           // of the weights of one tap and ic block
  ptrdiff_t weights_skip = 0;  // after the kh taken of one ic block to those of the next
  int32_t ic_blocks = 0, kh = 0, kw = 0;
  int32_t last_quads = 0;  // fours of channels in the last ic block of this call; others have four
  // Fetched into level 2 meanwhile, kIntegerTapLines lines for every tap of every ic block: what is read next.
  const char* ahead = nullptr;
  ptrdiff_t ahead_step = 0;  // bytes: a line, or 0 when there is nothing to fetch
};

using IntegerTileFunction = void (*)(const IntegerTileArgs& args);

/// One plain convolution with its own taps and place in dst.
struct IntegerPass {
  int32_t kh = 1, kw = 1, pt = 0, pl = 0;
  int32_t oh = 1, ow = 1;
  int32_t direct = 0;   // every tap lies inside the image and columns are adjacent: src is read where it is
  int64_t dst = 0;      // bytes
  int64_t bias = 0;     // numbers, from the first bias
  int64_t weights = 0;  // bytes, from the group's weights
};

/// Packed: biases (i32, of every pass), scales (f32), a table of 256 bytes if there is one, weights.
struct ConvIntegerParams {
  int32_t batch = 1, groups = 1, passes = 1;
  int32_t ih = 1, iw = 1, sh = 1, sw = 1, dh = 1, dw = 1;
  int32_t ic_blocks = 1, oc_blocks = 1;  // of one group
  int32_t last_quads = 1;                // fours of channels in the last ic block
  int32_t zero = 0;                      // the byte that padding is
  // The register tile, and the work of one task: oc_chunk blocks × row_block rows × col_block pixels of a row.
  int32_t pixels = 1, blocks = 1;
  int32_t ic_chunk = 1, oc_chunk = 1, row_block = 1, col_block = 1;
  int32_t oc_chunks = 1, row_blocks = 1, col_blocks = 1;
  int32_t sum_pixels = 1;  // whose sums rest in scratch: of a tile, or of a task where input comes in chunks
  int64_t src_block = 0, dst_pixel = 0, dst_row = 0, dst_block = 0;  // bytes
  int64_t dst_image = 0;                                             // of one group of one image
  int64_t dst_vector = 0;                                            // bytes between the vectors of a block of floats
  int64_t scales = 0, table = 0, weights = 0;                        // bytes before them in what is packed
  int64_t group_weights = 0;                                         // bytes of one group's weights, all passes
  int64_t copy = 0;  // bytes of worker scratch before the copy of the input; sums are first
  int32_t src = 0;   // position among the inputs
  IntegerEpilogueParams epilogue;
  IntegerPass pass[kMaxIntegerPasses];
};

namespace avx2_integer {
void conv_integer(const StepArgs& args, TaskId id);
}  // namespace avx2_integer
namespace avx_vnni {
void conv_integer(const StepArgs& args, TaskId id);
}  // namespace avx_vnni
namespace avx512_integer {
void conv_integer(const StepArgs& args, TaskId id);
}  // namespace avx512_integer
namespace avx512_vnni {
void conv_integer(const StepArgs& args, TaskId id);
}  // namespace avx512_vnni

}  // namespace stretto::kernels
