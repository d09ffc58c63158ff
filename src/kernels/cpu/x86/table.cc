#include "kernels/cpu/x86/table.h"

#include "kernels/cpu/x86/conv_direct.h"
#include "kernels/cpu/x86/conv_first.h"
#include "kernels/cpu/x86/conv_first_params.h"
#include "kernels/cpu/x86/conv_gathered.h"
#include "kernels/cpu/x86/conv_gathered_params.h"
#include "kernels/cpu/x86/conv_half.h"
#include "kernels/cpu/x86/conv_half_params.h"
#include "kernels/cpu/x86/conv_params.h"
#include "kernels/cpu/x86/conv_pool.h"
#include "kernels/cpu/x86/conv_pool_params.h"
#include "kernels/cpu/x86/conv_transpose.h"
#include "kernels/cpu/x86/elementwise.h"
#include "kernels/cpu/x86/elementwise_params.h"
#include "kernels/cpu/x86/gemm.h"
#include "kernels/cpu/x86/gemm_params.h"
#include "kernels/cpu/x86/move.h"
#include "kernels/cpu/x86/move_params.h"
#include "kernels/cpu/x86/separable.h"
#include "kernels/cpu/x86/separable_params.h"
#include "kernels/cpu/x86/window.h"
#include "kernels/cpu/x86/window_params.h"
#include "kernels/cpu/x86/winograd.h"
#include "kernels/cpu/x86/winograd_params.h"

namespace stretto::kernels {
namespace {

/// One row of a table: K has supports, configs, estimate, book and pack.
template <class K, Numerics numerics = Numerics::rounding>
constexpr Tactic row(const char* name, uint32_t version, Isa isa, TaskFunction task) {
  return {name, version, isa, numerics, K::supports, K::configs, K::estimate, K::book, K::pack, task};
}

/// A row whose tasks run through register tiles, which fetch what is read next.
template <class K>
constexpr Tactic tile_row(const char* name, uint32_t version, Isa isa, TaskFunction task) {
  Tactic tactic = row<K>(name, version, isa, task);
  tactic.fetches_ahead = true;
  return tactic;
}

/// The same with weights rounded to f16.
template <class K>
constexpr Tactic half_row(const char* name, uint32_t version, Isa isa, TaskFunction task) {
  Tactic tactic = tile_row<K>(name, version, isa, task);
  tactic.half_weights = true;
  return tactic;
}

constexpr Tactic kAvx512[] = {
    tile_row<Winograd<16>>("cpu.avx512.winograd", 3, Isa::avx512, avx512::winograd),
    tile_row<Winograd<16, WeightKind::full, true>>("cpu.avx512.winograd_raw", 1, Isa::avx512, avx512::winograd_raw),
    tile_row<ConvDirect<16>>("cpu.avx512.conv_direct", 2, Isa::avx512, avx512::conv_direct),
    tile_row<ConvGathered<16>>("cpu.avx512.conv_gathered", 1, Isa::avx512, avx512::conv_gathered),
    row<ConvFirst<16>>("cpu.avx512.conv_first", 1, Isa::avx512, avx512::conv_first),
    row<ConvFirstPool<16>>("cpu.avx512.conv_first_pool", 1, Isa::avx512, avx512::conv_first_pool),
    row<Separable<16>>("cpu.avx512.separable", 1, Isa::avx512, avx512::separable),
    row<Depthwise<16>>("cpu.avx512.depthwise", 1, Isa::avx512, avx512::depthwise),
    row<BlockedPool<16>>("cpu.avx512.pool", 1, Isa::avx512, avx512::pool),
    row<SpatialReduce<16>>("cpu.avx512.spatial_reduce", 1, Isa::avx512, avx512::reduce),
    row<Elementwise<16>>("cpu.avx512.elementwise", 1, Isa::avx512, avx512::elementwise),
    tile_row<ConvTransposed<16>>("cpu.avx512.conv_transpose", 1, Isa::avx512, avx512::conv_direct),
    row<Gemm<16>>("cpu.avx512.gemm", 2, Isa::avx512, avx512::gemm),
    row<Reformatted<16>, Numerics::bit_exact>("cpu.avx512.reformat", 1, Isa::avx512, avx512::reformat),
    row<Channels<16>, Numerics::bit_exact>("cpu.avx512.channels", 1, Isa::avx512, avx512::channels),
    row<Resample<16>>("cpu.avx512.resample", 1, Isa::avx512, avx512::resample),
    half_row<ConvDirect<16, WeightKind::half>>("cpu.avx512.conv_direct_half", 2, Isa::avx512, avx512::conv_direct_half),
    half_row<ConvGathered<16, WeightKind::half>>("cpu.avx512.conv_gathered_half", 1, Isa::avx512,
                                                 avx512::conv_gathered_half),
    half_row<Winograd<16, WeightKind::half>>("cpu.avx512.winograd_half", 2, Isa::avx512, avx512::winograd_half),
    half_row<Winograd<16, WeightKind::half, true>>("cpu.avx512.winograd_raw_half", 1, Isa::avx512,
                                                   avx512::winograd_raw_half),
    half_row<Gemm<16, WeightKind::half>>("cpu.avx512.gemm_half", 2, Isa::avx512, avx512::gemm_half),
};

constexpr Tactic kFp16[] = {
    row<Winograd<32, WeightKind::half>>("cpu.avx512_fp16.winograd", 1, Isa::avx512_fp16, avx512_fp16::winograd),
    row<ConvHalf>("cpu.avx512_fp16.conv_direct", 1, Isa::avx512_fp16, avx512_fp16::conv_direct),
    row<ConvFirst<32>>("cpu.avx512_fp16.conv_first", 1, Isa::avx512_fp16, avx512_fp16::conv_first),
    row<ConvFirstPool<32>>("cpu.avx512_fp16.conv_first_pool", 1, Isa::avx512_fp16, avx512_fp16::conv_first_pool),
    row<Separable<32>>("cpu.avx512_fp16.separable", 1, Isa::avx512_fp16, avx512_fp16::separable),
    row<Depthwise<32>>("cpu.avx512_fp16.depthwise", 1, Isa::avx512_fp16, avx512_fp16::depthwise),
    row<BlockedPool<32>>("cpu.avx512_fp16.pool", 1, Isa::avx512_fp16, avx512_fp16::pool),
    row<SpatialReduce<32>>("cpu.avx512_fp16.spatial_reduce", 1, Isa::avx512_fp16, avx512_fp16::reduce),
    row<Elementwise<32>>("cpu.avx512_fp16.elementwise", 1, Isa::avx512_fp16, avx512_fp16::elementwise),
    row<Channels<32>, Numerics::bit_exact>("cpu.avx512_fp16.channels", 1, Isa::avx512_fp16, avx512_fp16::channels),
    row<Resample<32>>("cpu.avx512_fp16.resample", 1, Isa::avx512_fp16, avx512_fp16::resample),
    row<ConvTransposedHalf>("cpu.avx512_fp16.conv_transpose", 1, Isa::avx512_fp16, avx512_fp16::conv_direct),
    row<Reformatted<32>>("cpu.avx512_fp16.reformat", 1, Isa::avx512_fp16, avx512_fp16::reformat),
};

constexpr Tactic kAvx2[] = {
    tile_row<Winograd<8>>("cpu.avx2.winograd", 3, Isa::avx2, avx2::winograd),
    tile_row<Winograd<8, WeightKind::full, true>>("cpu.avx2.winograd_raw", 1, Isa::avx2, avx2::winograd_raw),
    tile_row<ConvDirect<8>>("cpu.avx2.conv_direct", 2, Isa::avx2, avx2::conv_direct),
    tile_row<ConvGathered<8>>("cpu.avx2.conv_gathered", 1, Isa::avx2, avx2::conv_gathered),
    row<ConvFirst<8>>("cpu.avx2.conv_first", 1, Isa::avx2, avx2::conv_first),
    row<ConvFirstPool<8>>("cpu.avx2.conv_first_pool", 1, Isa::avx2, avx2::conv_first_pool),
    row<Separable<8>>("cpu.avx2.separable", 1, Isa::avx2, avx2::separable),
    row<Depthwise<8>>("cpu.avx2.depthwise", 1, Isa::avx2, avx2::depthwise),
    row<BlockedPool<8>>("cpu.avx2.pool", 1, Isa::avx2, avx2::pool),
    row<SpatialReduce<8>>("cpu.avx2.spatial_reduce", 1, Isa::avx2, avx2::reduce),
    row<Elementwise<8>>("cpu.avx2.elementwise", 1, Isa::avx2, avx2::elementwise),
    tile_row<ConvTransposed<8>>("cpu.avx2.conv_transpose", 1, Isa::avx2, avx2::conv_direct),
    row<Gemm<8>>("cpu.avx2.gemm", 2, Isa::avx2, avx2::gemm),
    row<Reformatted<8>, Numerics::bit_exact>("cpu.avx2.reformat", 1, Isa::avx2, avx2::reformat),
    row<Channels<8>, Numerics::bit_exact>("cpu.avx2.channels", 1, Isa::avx2, avx2::channels),
    row<Resample<8>>("cpu.avx2.resample", 1, Isa::avx2, avx2::resample),
    half_row<ConvDirect<8, WeightKind::half>>("cpu.avx2.conv_direct_half", 2, Isa::avx2, avx2::conv_direct_half),
    half_row<ConvGathered<8, WeightKind::half>>("cpu.avx2.conv_gathered_half", 1, Isa::avx2, avx2::conv_gathered_half),
    half_row<Winograd<8, WeightKind::half>>("cpu.avx2.winograd_half", 2, Isa::avx2, avx2::winograd_half),
    half_row<Winograd<8, WeightKind::half, true>>("cpu.avx2.winograd_raw_half", 1, Isa::avx2, avx2::winograd_raw_half),
    half_row<Gemm<8, WeightKind::half>>("cpu.avx2.gemm_half", 2, Isa::avx2, avx2::gemm_half),
};

}  // namespace

TacticTable x86_avx512_table() {
  return kAvx512;
}
TacticTable x86_fp16_table() {
  return kFp16;
}
TacticTable x86_avx2_table() {
  return kAvx2;
}

}  // namespace stretto::kernels
