// The rows of integer convolutions.
#include "kernels/cpu/x86/conv_first_integer.h"
#include "kernels/cpu/x86/conv_integer.h"
#include "kernels/cpu/x86/conv_integer_params.h"
#include "kernels/cpu/x86/depthwise_integer.h"
#include "kernels/cpu/x86/depthwise_integer_params.h"
#include "kernels/cpu/x86/depthwise_strip.h"
#include "kernels/cpu/x86/table.h"

namespace stretto::kernels {
namespace {

template <class K>
constexpr Tactic row(const char* name, Isa isa, TaskFunction task) {
  return {name, 1, isa, Numerics::bit_exact, K::supports, K::configs, K::estimate, K::book, K::pack, task};
}

/// A row whose tasks run through register tiles, which fetch what is read next.
template <class K>
constexpr Tactic tile_row(const char* name, Isa isa, TaskFunction task) {
  Tactic tactic = row<K>(name, isa, task);
  tactic.fetches_ahead = true;
  return tactic;
}

constexpr Tactic kRows[] = {
    tile_row<ConvFirstInteger>("cpu.avx512_vnni.conv_first_integer", Isa::avx512_vnni, avx512_vnni::conv_first_integer),
    tile_row<ConvolutionInteger<IntegerIsa::avx512_vnni>>("cpu.avx512_vnni.conv_integer", Isa::avx512_vnni,
                                                          avx512_vnni::conv_integer),
    tile_row<ConvolutionInteger<IntegerIsa::avx512>>("cpu.avx512.conv_integer", Isa::avx512,
                                                     avx512_integer::conv_integer),
    tile_row<ConvolutionInteger<IntegerIsa::avx_vnni>>("cpu.avx_vnni.conv_integer", Isa::avx_vnni,
                                                       avx_vnni::conv_integer),
    tile_row<ConvolutionInteger<IntegerIsa::avx2>>("cpu.avx2.conv_integer", Isa::avx2, avx2_integer::conv_integer),
    tile_row<ConvTransposedInteger<IntegerIsa::avx512_vnni>>("cpu.avx512_vnni.conv_transpose_integer", Isa::avx512_vnni,
                                                             avx512_vnni::conv_integer),
    tile_row<ConvTransposedInteger<IntegerIsa::avx512>>("cpu.avx512.conv_transpose_integer", Isa::avx512,
                                                        avx512_integer::conv_integer),
    tile_row<ConvTransposedInteger<IntegerIsa::avx_vnni>>("cpu.avx_vnni.conv_transpose_integer", Isa::avx_vnni,
                                                          avx_vnni::conv_integer),
    tile_row<ConvTransposedInteger<IntegerIsa::avx2>>("cpu.avx2.conv_transpose_integer", Isa::avx2,
                                                      avx2_integer::conv_integer),
    row<DepthwiseStrip>("cpu.avx512_vnni.depthwise_strip", Isa::avx512_vnni, avx512_vnni::depthwise_strip),
    row<DepthwiseInteger<IntegerIsa::avx512_vnni>>("cpu.avx512_vnni.depthwise_integer", Isa::avx512_vnni,
                                                   avx512_vnni::depthwise_integer),
    row<DepthwiseInteger<IntegerIsa::avx512>>("cpu.avx512.depthwise_integer", Isa::avx512,
                                              avx512_integer::depthwise_integer),
    row<DepthwiseInteger<IntegerIsa::avx_vnni>>("cpu.avx_vnni.depthwise_integer", Isa::avx_vnni,
                                                avx_vnni::depthwise_integer),
    row<DepthwiseInteger<IntegerIsa::avx2>>("cpu.avx2.depthwise_integer", Isa::avx2, avx2_integer::depthwise_integer),
};

}  // namespace

TacticTable x86_conv_integer_table() {
  return kRows;
}

}  // namespace stretto::kernels
