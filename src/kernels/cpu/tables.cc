#include "kernels/cpu/tables.h"

#include <array>

#include "tactics/plugin_rows.h"

namespace stretto {

std::span<const TacticTable> cpu_tactic_tables() {
  static const std::array kTables {
#if defined(STRETTO_X86)
    kernels::x86_conv_integer_table(), kernels::x86_integer_table(), kernels::x86_avx512_table(),
        kernels::x86_fp16_table(), kernels::x86_avx2_table(),
#endif
        kernels::generic_table(),
  };
  return kTables;
}

const Tactic* find_tactic(std::string_view name) {
  for (TacticTable table : cpu_tactic_tables()) {
    for (const Tactic& tactic : table) {
      if (name == tactic.name) return &tactic;
    }
  }
  if (!name.starts_with("cuda.")) return nullptr;
  for (const Tactic& tactic : cuda_tactic_table()) {
    if (name == tactic.name) return &tactic;
  }
  return nullptr;
}

const Tactic* find_tactic(std::string_view name, uint32_t version) {
  const Tactic* tactic = find_tactic(name);
  return tactic && tactic->version == version ? tactic : nullptr;
}

}  // namespace stretto
