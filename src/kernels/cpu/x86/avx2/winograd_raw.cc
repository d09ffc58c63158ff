#include "kernels/cpu/x86/avx2/vec.h"
//
#include "kernels/cpu/x86/winograd_loops.h"

namespace stretto::kernels::avx2 {
namespace {

/// Weights are widened as they are transformed: the products are those of floats.
template <class Stored>
struct RawKernels {
  using V = Vec;
  using Weight = Stored;
  static constexpr bool raw = true;
  STRETTO_INLINE TileFunction tile(int pixels, int blocks) { return conv_tile(pixels, blocks); }
};

}  // namespace

void winograd_raw(const StepArgs& args, TaskId id) {
  winograd_task<RawKernels<float>>(args, id);
}

void winograd_raw_half(const StepArgs& args, TaskId id) {
  winograd_task<RawKernels<uint16_t>>(args, id);
}

}  // namespace stretto::kernels::avx2
