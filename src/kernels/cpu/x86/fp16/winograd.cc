#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/winograd_half_loops.h"

namespace stretto::kernels::avx512_fp16 {
namespace {

struct Kernels {
  using V = HalfVec;
  STRETTO_INLINE HalfTileFunction tile(int pixels, int blocks) { return conv_tile(pixels, blocks); }
};

}  // namespace

void winograd(const StepArgs& args, TaskId id) {
  winograd_half_task<Kernels>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
