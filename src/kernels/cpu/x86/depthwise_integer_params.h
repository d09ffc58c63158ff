// Integer depthwise convolutions over bytes in blocks of 16 channels, as numbers for the loops.
#pragma once

#include "kernels/cpu/x86/conv_integer_params.h"

namespace stretto::kernels {

/// A task makes row_block rows of plane_block planes; a plane is one block of channels of one image. `conv` describes
/// one plane. Packed: biases, scales, a table if there is one, then for each block of channels the weights: [kernel
/// rows that are taken at once][kw][16 channels × rows].
struct DepthwiseIntegerParams {
  ConvIntegerParams conv;
  int32_t planes = 1, channel_blocks = 1, plane_block = 1;
};

namespace avx2_integer {
void depthwise_integer(const StepArgs& args, TaskId id);
}  // namespace avx2_integer
namespace avx_vnni {
void depthwise_integer(const StepArgs& args, TaskId id);
}  // namespace avx_vnni
namespace avx512_integer {
void depthwise_integer(const StepArgs& args, TaskId id);
}  // namespace avx512_integer
namespace avx512_vnni {
void depthwise_integer(const StepArgs& args, TaskId id);
}  // namespace avx512_vnni

}  // namespace stretto::kernels
