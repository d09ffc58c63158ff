#include "kernels/cpu/x86/avx512/vec.h"
//
#include "kernels/cpu/x86/conv_gathered_loops.h"

namespace stretto::kernels::avx512 {
namespace {

struct Kernels {
  using V = Vec;
  using Weight = float;
  STRETTO_INLINE TileFunction tile(int pixels, int blocks) { return conv_tile(pixels, blocks); }
};

struct HalfKernels {
  using V = Vec;
  using Weight = uint16_t;
  STRETTO_INLINE TileFunction tile(int pixels, int blocks) { return conv_tile_half(pixels, blocks); }
};

}  // namespace

void conv_gathered(const StepArgs& args, TaskId id) {
  conv_gathered_task<Kernels>(args, id);
}

void conv_gathered_half(const StepArgs& args, TaskId id) {
  conv_gathered_task<HalfKernels>(args, id);
}

}  // namespace stretto::kernels::avx512
