#include "kernels/cpu/x86/avx512/vec.h"
//
#include "kernels/cpu/x86/conv_loops.h"

namespace stretto::kernels::avx512 {
namespace {

struct Kernels {
  using V = Vec;
  STRETTO_INLINE TileFunction tile(int pixels, int blocks) { return conv_tile(pixels, blocks); }
};

}  // namespace

void conv_direct(const StepArgs& args, TaskId id) {
  conv_task<Kernels>(args, id);
}

}  // namespace stretto::kernels::avx512
