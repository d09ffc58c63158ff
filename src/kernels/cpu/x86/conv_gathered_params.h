// A convolution in two phases, as numbers for the loops: what each tap reads is laid side by side, then multiplied as a
// pointwise convolution of so many more channels.
#pragma once

#include "kernels/cpu/x86/conv_params.h"

namespace stretto::kernels {

struct ConvGatheredParams {
  ConvParams product;  // pointwise; its src is what was gathered: [image][ic block][kh][kw][pixel][width]
  int32_t planes = 0;  // images · ic blocks of src
  int32_t kh = 1, kw = 1, pt = 0, pl = 0;
  int32_t ih = 1, iw = 1, sh = 1, sw = 1, dh = 1, dw = 1;
  int32_t oh = 1, ow = 1;
  int32_t rows_of_task = 1;  // rows of the kernel, of all planes, that one task gathers
};

namespace avx512 {
void conv_gathered(const StepArgs& args, TaskId id);
void conv_gathered_half(const StepArgs& args, TaskId id);
}  // namespace avx512
namespace avx2 {
void conv_gathered(const StepArgs& args, TaskId id);
void conv_gathered_half(const StepArgs& args, TaskId id);
}  // namespace avx2

}  // namespace stretto::kernels
