#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/separable_half_loops.h"

namespace stretto::kernels::avx512_fp16 {
namespace {

struct Kernels {
  using V = HalfVec;
  STRETTO_INLINE HalfTileFunction tile(int pixels, int blocks) { return conv_tile(pixels, blocks); }
};

}  // namespace

void separable(const StepArgs& args, TaskId id) {
  separable_half_task<Kernels>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
