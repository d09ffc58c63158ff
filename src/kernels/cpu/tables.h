// Every table of CPU tactics that is compiled in.
#pragma once

#include <span>
#include <string_view>

#include "tactics/tactic.h"

namespace stretto {

/// In order of preference on ties: the most capable ISA first, `generic` last.
std::span<const TacticTable> cpu_tactic_tables();
/// By name and version, those of the CUDA plug-in ("cuda.…") too, where it can be opened; null if there is none.
const Tactic* find_tactic(std::string_view name, uint32_t version);
/// The same by name alone.
const Tactic* find_tactic(std::string_view name);

namespace kernels {

/// The table of each room.
TacticTable generic_table();
TacticTable x86_avx2_table();
TacticTable x86_avx512_table();
/// Values stored as f16 (Layout::c32h).
TacticTable x86_fp16_table();
/// Quantised values, for every instruction set.
TacticTable x86_integer_table();
/// Integer convolutions on bytes (Layout::c16), of every instruction set.
TacticTable x86_conv_integer_table();

}  // namespace kernels
}  // namespace stretto
