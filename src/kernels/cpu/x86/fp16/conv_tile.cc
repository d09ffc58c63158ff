#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/conv_half_tile_loops.h"

namespace stretto::kernels::avx512_fp16 {
namespace {

template <int R, int B>
constexpr HalfTileFunction tile = conv_half_tile_of<HalfVec, R, B>;

constexpr HalfTileFunction kTiles[2][14] = {
    {tile<1, 1>, tile<2, 1>, tile<3, 1>, tile<4, 1>, tile<5, 1>, tile<6, 1>, tile<7, 1>, tile<8, 1>, tile<9, 1>,
     tile<10, 1>, tile<11, 1>, tile<12, 1>, tile<13, 1>, tile<14, 1>},
    {tile<1, 2>, tile<2, 2>, tile<3, 2>, tile<4, 2>, tile<5, 2>, tile<6, 2>},
};

}  // namespace

HalfTileFunction conv_tile(int pixels, int blocks) {
  return kTiles[blocks - 1][pixels - 1];
}

}  // namespace stretto::kernels::avx512_fp16
