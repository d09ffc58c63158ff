#include "kernels/cpu/x86/avx2_integer/product_vec.h"
//
#include "kernels/cpu/x86/conv_integer_loops.h"
#include "kernels/cpu/x86/conv_integer_tile_loops.h"

namespace stretto::kernels::avx2_integer {
namespace {

template <int R, int B>
constexpr IntegerTileFunction tile = integer_tile<ProductVec, R, B>;

constexpr IntegerTileFunction kTiles[kMaxIntegerTileBlocks][kMaxIntegerTilePixels] = {
    {tile<1, 1>, tile<2, 1>, tile<3, 1>, tile<4, 1>, tile<5, 1>},
};

struct Kernels : InputOfBytes<ProductVec> {
  using V = ProductVec;
  STRETTO_INLINE IntegerTileFunction tile(int pixels, int blocks) { return kTiles[blocks - 1][pixels - 1]; }
};

}  // namespace

void conv_integer(const StepArgs& args, TaskId id) {
  conv_integer_task<Kernels>(args, id);
}

}  // namespace stretto::kernels::avx2_integer
