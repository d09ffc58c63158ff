// What this processor can do. Detection happens here and nowhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stretto {

/// Instruction sets that kernels and plans name. Persisted: never renumber.
enum class Isa : uint8_t {
  scalar = 0,
  avx2 = 1,
  avx_vnni = 2,
  avx512 = 3,
  avx512_vnni = 4,
  avx512_fp16 = 5,
  neon = 16,
  dotprod = 17,
  i8mm = 18,
};

/// "scalar", "avx2" (with FMA and F16C), "avx512" (F, BW, DQ, VL), …
std::string_view name_of(Isa isa);
std::optional<Isa> isa_from_name(std::string_view name);

/// Everything code for `needed` uses is also in `available` (avx512 contains avx2, avx_vnni is beside it, …).
bool contains(Isa available, Isa needed);
/// True when this processor and the operating system run code for `isa`.
bool cpu_has(Isa isa);
/// The most capable Isa of this processor.
Isa best_isa();

/// "AMD EPYC 9R14", as the kernel names it; "unknown" where it does not.
std::string cpu_model();
/// CPUs this process may use: affinity and cgroup quota, at least 1.
int usable_cpus();
/// Bytes; 0 when unknown. Level 1 (data), 2 or 3, of one core's view.
int64_t cache_bytes(int level);

}  // namespace stretto
