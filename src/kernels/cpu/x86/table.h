// The tables of x86 tactics.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

TacticTable x86_avx512_table();
/// Values stored as f16 (Layout::c32h).
TacticTable x86_fp16_table();
TacticTable x86_avx2_table();
/// Quantised values, for every instruction set.
TacticTable x86_integer_table();
/// Integer convolutions on bytes (Layout::c16), of every instruction set.
TacticTable x86_conv_integer_table();

}  // namespace stretto::kernels
