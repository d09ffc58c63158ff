// The table for AVX512-FP16 on any processor with AVX-512: for tests alone.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels {

/// The rows of x86_fp16_table(), their names ending in "_emulated".
TacticTable fp16_emulated_table();

}  // namespace stretto::kernels
