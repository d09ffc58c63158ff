// The table of x86 tactics on quantised values.
#include "kernels/cpu/x86/gemm_integer.h"
#include "kernels/cpu/x86/gemm_integer_params.h"
#include "kernels/cpu/x86/move.h"
#include "kernels/cpu/x86/move_params.h"
#include "kernels/cpu/x86/rescale_integer.h"
#include "kernels/cpu/x86/table.h"
#include "kernels/cpu/x86/window_integer.h"
#include "kernels/cpu/x86/window_integer_params.h"

namespace stretto::kernels {
namespace {

/// One row: K has supports, configs, estimate, book and pack.
template <class K>
constexpr Tactic row(const char* name, Isa isa, TaskFunction task) {
  return {name, 1, isa, Numerics::bit_exact, K::supports, K::configs, K::estimate, K::book, K::pack, task};
}

using Quantize = RescaleInteger<Rescaling::quantize>;
using Dequantize = RescaleInteger<Rescaling::dequantize>;
using Requantize = RescaleInteger<Rescaling::requantize>;
using LookUp = RescaleInteger<Rescaling::look_up>;
using Reformat = Reformatted<16, Moved::bytes>;
using ByteChannels = Channels<16, Moved::bytes>;
using ByteResample = Resample<16, Moved::bytes>;

constexpr Tactic kRows[] = {
    row<GemmIntegerRow<4, 4>>("cpu.avx512_vnni.gemm_integer", Isa::avx512_vnni, avx512_vnni::gemm),
    row<GemmIntegerRow<2, 4>>("cpu.avx512.gemm_integer", Isa::avx512, avx512_integer::gemm),
    row<Quantize>("cpu.avx512.quantize", Isa::avx512, avx512_integer::rescale),
    row<Dequantize>("cpu.avx512.dequantize", Isa::avx512, avx512_integer::rescale),
    row<Requantize>("cpu.avx512.requantize", Isa::avx512, avx512_integer::rescale),
    row<LookUp>("cpu.avx512.lookup", Isa::avx512, avx512_integer::rescale),
    row<PoolInteger>("cpu.avx512.pool_integer", Isa::avx512, avx512_integer::pool),
    row<ReduceInteger>("cpu.avx512.reduce_integer", Isa::avx512, avx512_integer::reduce),
    row<Reformat>("cpu.avx512.reformat_integer", Isa::avx512, avx512_integer::reformat),
    row<ByteChannels>("cpu.avx512.channels_integer", Isa::avx512, avx512_integer::channels),
    row<ByteResample>("cpu.avx512.resample_integer", Isa::avx512, avx512_integer::resample),
    row<GemmIntegerRow<4, 2>>("cpu.avx_vnni.gemm_integer", Isa::avx_vnni, avx_vnni::gemm),
    row<GemmIntegerRow<2, 2>>("cpu.avx2.gemm_integer", Isa::avx2, avx2_integer::gemm),
    row<Quantize>("cpu.avx2.quantize", Isa::avx2, avx2_integer::rescale),
    row<Dequantize>("cpu.avx2.dequantize", Isa::avx2, avx2_integer::rescale),
    row<Requantize>("cpu.avx2.requantize", Isa::avx2, avx2_integer::rescale),
    row<LookUp>("cpu.avx2.lookup", Isa::avx2, avx2_integer::rescale),
    row<PoolInteger>("cpu.avx2.pool_integer", Isa::avx2, avx2_integer::pool),
    row<ReduceInteger>("cpu.avx2.reduce_integer", Isa::avx2, avx2_integer::reduce),
    row<Reformat>("cpu.avx2.reformat_integer", Isa::avx2, avx2_integer::reformat),
    row<ByteChannels>("cpu.avx2.channels_integer", Isa::avx2, avx2_integer::channels),
    row<ByteResample>("cpu.avx2.resample_integer", Isa::avx2, avx2_integer::resample),
};

}  // namespace

TacticTable x86_integer_table() {
  return kRows;
}

}  // namespace stretto::kernels
