// The tables of x86 tactics.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

TacticTable x86_avx512_table();
TacticTable x86_avx2_table();

}  // namespace stretto::kernels
