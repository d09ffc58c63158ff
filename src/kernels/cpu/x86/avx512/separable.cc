#include "kernels/cpu/x86/avx512/vec.h"
//
#include "kernels/cpu/x86/separable_loops.h"

namespace stretto::kernels::avx512 {
namespace {

struct Kernels {
  using V = Vec;
  STRETTO_INLINE TileFunction tile(int pixels, int blocks) { return conv_tile(pixels, blocks); }
};

}  // namespace

void separable(const StepArgs& args, TaskId id) {
  separable_task<Kernels>(args, id);
}

}  // namespace stretto::kernels::avx512
