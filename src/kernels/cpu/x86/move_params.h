// Steps that move data: between layouts, between channels, and to another image size.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

/// Between N,C,H,W (or, for blocks of 32 channels, c16) and blocks of channels. A task takes `part` pixels of
/// plane_block channel blocks.
struct ReformatParams {
  int32_t to_blocked = 0;
  int32_t c16 = 0;
  int32_t planes = 1, channel_blocks = 1, channels = 1;
  int32_t plane_block = 1, parts = 1;
  int64_t pixels = 1, part = 1;
};

/// Some lanes of one block of an input's image.
struct ChannelSource {
  int32_t input = 0, block = 0;
  uint32_t lanes = 0;  // of the output vector that are taken
  int32_t from[16] =
      {};  // for each output lane, the lane taken; of 32 lanes as 32 int16_t; of bytes 16 int8_t, −128 where none is
};

/// Output channels gathered from input channels (concatenation, slice, shuffle). After the struct follow
/// `int32_t first[blocks + 1]` (of each output block's sources) and the ChannelSources.
struct ChannelsParams {
  static constexpr int kInputs = 16;
  int32_t batch = 1, blocks = 1;
  int32_t plane_block = 1, parts = 1;
  int64_t pixels = 1, part = 1;
  int32_t sources_at = 0;              // bytes from the struct's begin
  int32_t input_blocks[kInputs] = {};  // channel blocks of each input
};

/// Where one output row or column comes from: (1 − fraction) · first + fraction · second.
struct ResampleTap {
  int32_t first = 0, second = 0;
  float fraction = 0;
};

/// Resize of blocked planes. After the struct follow oh taps of rows and ow taps of columns.
struct ResampleParams {
  int32_t linear = 0;
  int32_t planes = 1, ih = 1, iw = 1, oh = 1, ow = 1;
  int32_t plane_block = 1, row_block = 1, row_blocks = 1;
};

namespace avx512 {
void reformat(const StepArgs& args, TaskId id);
void channels(const StepArgs& args, TaskId id);
void resample(const StepArgs& args, TaskId id);
}  // namespace avx512
namespace avx2 {
void reformat(const StepArgs& args, TaskId id);
void channels(const StepArgs& args, TaskId id);
void resample(const StepArgs& args, TaskId id);
}  // namespace avx2
/// On bytes.
namespace avx512_integer {
void reformat(const StepArgs& args, TaskId id);
void channels(const StepArgs& args, TaskId id);
void resample(const StepArgs& args, TaskId id);
}  // namespace avx512_integer
namespace avx2_integer {
void reformat(const StepArgs& args, TaskId id);
void channels(const StepArgs& args, TaskId id);
void resample(const StepArgs& args, TaskId id);
}  // namespace avx2_integer
namespace avx512_fp16 {
void reformat(const StepArgs& args, TaskId id);
void channels(const StepArgs& args, TaskId id);
void resample(const StepArgs& args, TaskId id);
}  // namespace avx512_fp16

}  // namespace stretto::kernels
