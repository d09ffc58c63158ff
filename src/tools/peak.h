// What this processor can reach: arithmetic, clock and memory, measured in a fraction of a second.
#pragma once

#include "base/cpu_info.h"

namespace stretto::tools {

/// 10^9 single-precision operations a second (a fused multiply–add counts as two), by independent accumulators in
/// registers of `isa` (scalar: what the compiler's baseline has) on `threads` threads at once: the sum of what each
/// reached in its best half millisecond, so that other work on the machine hardly counts.
double measure_peak_gflops(Isa isa, int threads);
/// The widest of scalar, avx2, avx512 (neon) that this processor runs: what peaks are measured with.
Isa widest_float_isa();
/// Cycles a second / 10^9, from a chain of dependent multiplications of known latency.
double measure_clock_ghz();
/// 10^9 bytes a second read from a buffer beyond the caches by `threads` threads.
double measure_memory_gb_per_s(int threads);

}  // namespace stretto::tools
