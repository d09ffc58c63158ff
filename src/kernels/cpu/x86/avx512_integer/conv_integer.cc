#include "kernels/cpu/x86/avx512_integer/product_vec.h"
//
#include "kernels/cpu/x86/conv_integer_loops.h"
#include "kernels/cpu/x86/conv_integer_tile_loops.h"

namespace stretto::kernels::avx512_integer {
namespace {

template <int R, int B>
constexpr IntegerTileFunction tile = integer_tile<ProductVec, R, B>;

constexpr IntegerTileFunction kTiles[kMaxIntegerTileBlocks][kMaxIntegerTilePixels] = {
    {tile<1, 1>, tile<2, 1>, tile<3, 1>, tile<4, 1>, tile<5, 1>, tile<6, 1>, tile<7, 1>, tile<8, 1>, tile<9, 1>,
     tile<10, 1>, tile<11, 1>, tile<12, 1>, tile<13, 1>, tile<14, 1>},
    {tile<1, 2>, tile<2, 2>, tile<3, 2>, tile<4, 2>, tile<5, 2>, tile<6, 2>, tile<7, 2>, tile<8, 2>, tile<9, 2>,
     tile<10, 2>, tile<11, 2>},
    {tile<1, 3>, tile<2, 3>, tile<3, 3>, tile<4, 3>, tile<5, 3>, tile<6, 3>, tile<7, 3>},
};

struct Kernels : InputOfBytes<ProductVec> {
  using V = ProductVec;
  STRETTO_INLINE IntegerTileFunction tile(int pixels, int blocks) { return kTiles[blocks - 1][pixels - 1]; }
};

}  // namespace

void conv_integer(const StepArgs& args, TaskId id) {
  conv_integer_task<Kernels>(args, id);
}

}  // namespace stretto::kernels::avx512_integer
