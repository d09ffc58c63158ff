#include "kernels/cpu/x86/avx512_vnni/product_vec.h"
//
#include "kernels/cpu/x86/avx512_integer/lanes.h"
//
#include "kernels/cpu/x86/conv_integer_loops.h"
#include "kernels/cpu/x86/conv_integer_tile_loops.h"
#include "kernels/cpu/x86/integer_quantized_input_loops.h"

namespace stretto::kernels::avx512_vnni {
namespace {

template <int R, int B>
constexpr IntegerTileFunction tile = integer_tile<ProductVec, R, B>;

constexpr IntegerTileFunction kTiles[kMaxIntegerTileBlocks][kMaxIntegerTilePixels] = {
    {tile<1, 1>, tile<2, 1>, tile<3, 1>, tile<4, 1>, tile<5, 1>, tile<6, 1>, tile<7, 1>, tile<8, 1>, tile<9, 1>,
     tile<10, 1>, tile<11, 1>, tile<12, 1>, tile<13, 1>, tile<14, 1>},
    {tile<1, 2>, tile<2, 2>, tile<3, 2>, tile<4, 2>, tile<5, 2>, tile<6, 2>, tile<7, 2>, tile<8, 2>, tile<9, 2>,
     tile<10, 2>, tile<11, 2>, tile<12, 2>, tile<13, 2>, tile<14, 2>},
    {tile<1, 3>, tile<2, 3>, tile<3, 3>, tile<4, 3>, tile<5, 3>, tile<6, 3>, tile<7, 3>, tile<8, 3>, tile<9, 3>},
    {tile<1, 4>, tile<2, 4>, tile<3, 4>, tile<4, 4>, tile<5, 4>, tile<6, 4>},
};

struct Kernels : InputOfBytes<ProductVec> {
  using V = ProductVec;
  STRETTO_INLINE IntegerTileFunction tile(int pixels, int blocks) { return kTiles[blocks - 1][pixels - 1]; }
};

struct PixelLanes : avx512_integer::Lanes {
  /// Byte c of every lane becomes that of bytes from 0 to 255.
  STRETTO_INLINE I put_byte(I pixels, I bytes, int c) {
    return _mm512_or_si512(pixels, _mm512_slli_epi32(bytes, static_cast<unsigned>(8 * c)));
  }
  /// For store_every: four lanes from `first` on, `step` apart.
  STRETTO_INLINE I every(int first, int step) {
    const I places = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return _mm512_add_epi32(_mm512_mullo_epi32(places, _mm512_set1_epi32(step)), _mm512_set1_epi32(first));
  }
  /// Those four lanes as pixels of 16 bytes, each four times its lane.
  STRETTO_INLINE void store_every(uint8_t* to, I pixels, I order) {
    _mm512_storeu_si512(to, _mm512_permutexvar_epi32(order, pixels));
  }
};

struct FirstKernels : Kernels {
  static void bind_input(const StepArgs& args, const IntegerTask& t, uint8_t* copy, IntegerInput& in) {
    const auto& p = *static_cast<const ConvFirstIntegerParams*>(args.params);
    const ptrdiff_t picture = static_cast<ptrdiff_t>(p.channels) * p.conv.ih * p.conv.iw;
    quantize_integer_input<PixelLanes>(t, p, static_cast<const float*>(args.src[p.conv.src]) + t.image * picture, copy,
                                       in);
  }
};

}  // namespace

void conv_first_integer(const StepArgs& args, TaskId id) {
  conv_integer_task<FirstKernels>(args, id);
}

void conv_integer(const StepArgs& args, TaskId id) {
  conv_integer_task<Kernels>(args, id);
}

}  // namespace stretto::kernels::avx512_vnni
