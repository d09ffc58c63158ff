#include "kernels/cpu/x86/avx512/vec.h"
//
#include "kernels/cpu/x86/winograd_loops.h"

namespace stretto::kernels::avx512 {
namespace {

struct Kernels {
  using V = Vec;
  using Weight = float;
  static constexpr bool raw = false;
  STRETTO_INLINE TileFunction tile(int pixels, int blocks) { return conv_tile(pixels, blocks); }
};

struct HalfKernels {
  using V = Vec;
  using Weight = uint16_t;
  static constexpr bool raw = false;
  STRETTO_INLINE TileFunction tile(int pixels, int blocks) { return conv_tile_half(pixels, blocks); }
};

}  // namespace

void winograd(const StepArgs& args, TaskId id) {
  winograd_task<Kernels>(args, id);
}

void winograd_half(const StepArgs& args, TaskId id) {
  winograd_task<HalfKernels>(args, id);
}

}  // namespace stretto::kernels::avx512
