#include "kernels/cpu/x86/avx2/vec.h"
//
#include "kernels/cpu/x86/conv_tile_loops.h"

namespace stretto::kernels::avx2 {
namespace {

template <int R, int B>
constexpr TileFunction tile = conv_tile_of<Vec, uint16_t, R, B>;

constexpr TileFunction kTiles[kMaxTileBlocks][kMaxTilePixels] = {
    {tile<1, 1>, tile<2, 1>, tile<3, 1>, tile<4, 1>, tile<5, 1>, tile<6, 1>, tile<7, 1>, tile<8, 1>, tile<9, 1>,
     tile<10, 1>, tile<11, 1>, tile<12, 1>},
    {tile<1, 2>, tile<2, 2>, tile<3, 2>, tile<4, 2>, tile<5, 2>, tile<6, 2>},
    {tile<1, 3>, tile<2, 3>, tile<3, 3>, tile<4, 3>},
};

}  // namespace

TileFunction conv_tile_half(int pixels, int blocks) {
  return kTiles[blocks - 1][pixels - 1];
}

}  // namespace stretto::kernels::avx2
