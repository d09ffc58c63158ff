#include "kernels/cpu/x86/avx2/vec.h"
//
#include "kernels/cpu/x86/gemm_loops.h"

namespace stretto::kernels::avx2 {
namespace {

struct Kernels {
  using V = Vec;
  STRETTO_INLINE TileFunction tile(int pixels, int blocks) { return conv_tile(pixels, blocks); }
};

}  // namespace

void gemm(const StepArgs& args, TaskId id) {
  gemm_task<Kernels>(args, id);
}

}  // namespace stretto::kernels::avx2
