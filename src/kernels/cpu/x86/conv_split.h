// How a convolution is cut into register tiles and tasks: shared by convolutions, transposed ones and products.
#pragma once

#include <vector>

#include "kernels/cpu/x86/conv_params.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

/// Config: {pixels of a tile, blocks of a tile, blocks of a task (oc_chunk), rows of a task; columns if there is one
/// row}. Best guess first. `p` has its shapes and passes filled in, not its split.
std::vector<Config> conv_splits(const ConvParams& p, int width);
/// Those of a pointwise convolution that keep weights near and let the pixels stream past.
std::vector<Config> streaming_splits(const ConvParams& p, int width);
/// Fills in the split of `p` from a config, and the panel.
void apply_split(const Config& config, int width, ConvParams& p);
/// Expected seconds on `threads` workers, from a count of cycles of the tiles.
double conv_seconds(const ConvParams& p, int width, int threads);

int conv_tasks(const ConvParams& p);
size_t panel_bytes(const ConvParams& p, int width);

}  // namespace stretto::kernels
