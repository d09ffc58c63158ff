// How an integer convolution is cut into register tiles and tasks.
#pragma once

#include <vector>

#include "kernels/cpu/x86/conv_integer_params.h"
#include "kernels/cpu/x86/integer_isa.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

/// Config: {pixels of a tile, blocks of a tile, blocks of a task, rows of a task; columns if there is one row}. Best
/// guess first. `p` has its shapes and passes filled in, not its split.
std::vector<Config> integer_splits(const ConvIntegerParams& p, IntegerIsa isa);
/// Fills in the split of `p` from a config.
void apply_integer_split(const Config& config, IntegerIsa isa, ConvIntegerParams& p);
/// Expected seconds on `threads` workers, from a count of cycles of the tiles.
double integer_seconds(const ConvIntegerParams& p, IntegerIsa isa, int threads);

int integer_tasks(const ConvIntegerParams& p);
/// Of a worker: sums, then the copy of a task's input.
size_t integer_scratch_bytes(const ConvIntegerParams& p);
/// Whether that is a sane amount in every config.
Refusal check_integer_scratch(ConvIntegerParams p, IntegerIsa isa);

}  // namespace stretto::kernels
