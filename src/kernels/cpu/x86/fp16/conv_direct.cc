#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/conv_half_loops.h"

namespace stretto::kernels::avx512_fp16 {
namespace {

struct Kernels {
  using V = HalfVec;
  STRETTO_INLINE HalfTileFunction tile(int pixels, int blocks) { return conv_tile(pixels, blocks); }
};

}  // namespace

void conv_direct(const StepArgs& args, TaskId id) {
  conv_half_task<Kernels>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
