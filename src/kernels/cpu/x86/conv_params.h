// A convolution over blocked layouts, as numbers for the loops. Transposed convolutions are several passes, one for
// each output position modulo the stride; products are convolutions of one pixel row.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/x86/conv_tile_params.h"
#include "kernels/cpu/x86/epilogue_params.h"

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

inline constexpr int kMaxConvKernel = 32;  // of a kernel's width
inline constexpr int kMaxConvPasses = 16;

/// One plain convolution with its own taps and place in dst. Offsets in floats.
struct ConvPass {
  int32_t kh = 1, kw = 1, pt = 0, pl = 0;
  int32_t oh = 1, ow = 1;
  int64_t dst = 0, weights = 0;
};

struct ConvParams {
  int32_t batch = 1, groups = 1, passes = 1;
  int32_t ih = 1, iw = 1, sh = 1, sw = 1, dh = 1, dw = 1;
  int32_t ic_blocks = 1, oc_blocks = 1;  // of one group
  int32_t last_quads = 1;                // fours of channels in the last ic block
  // The register tile, and the work of one task: oc_chunk blocks × row_block rows × col_block pixels of a row.
  int32_t pixels = 1, blocks = 1;
  int32_t ic_chunk = 1, oc_chunk = 1, row_block = 1, col_block = 1;
  int32_t oc_chunks = 1, row_blocks = 1, col_blocks = 1;
  // The panel: input pixels of one tile with the padding written out, columns of equal remainder by sw together.
  int32_t panel_pixels = 1, panel_phases = 1;
  int64_t src_block = 0, dst_pixel = 0, dst_row = 0, dst_block = 0;  // floats
  int64_t weights = 0;                                               // floats before the weights: the bias
  int64_t group_weights = 0;                                         // floats of one group's weights, all passes
  int32_t src = 0;                                                   // position among the inputs
  EpilogueParams epilogue;
  ConvPass pass[kMaxConvPasses];
};

namespace avx512 {
void conv_direct(const StepArgs& args, TaskId id);
void conv_direct_half(const StepArgs& args, TaskId id);
}  // namespace avx512
namespace avx2 {
void conv_direct(const StepArgs& args, TaskId id);
void conv_direct_half(const StepArgs& args, TaskId id);
}  // namespace avx2

}  // namespace stretto::kernels
