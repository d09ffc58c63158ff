// How Winograd's work is shared out: tiles and channels of a task, chunks of input channels, the scratch they need.
#pragma once

#include <vector>

#include "kernels/cpu/x86/winograd_params.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

/// What the split depends on beside the params' shape.
struct WinogradKind {
  int width = 16;
  bool raw = false;        // weights are transformed by the tasks
  int weight_bytes = 4;    // of one stored weight
  std::vector<int> sizes;  // m worth trying
};

/// Configs worth timing for p's shape, best guess first: {m of F(m×m, 3×3), tiles of a task, oc blocks of a task,
/// ic blocks of a chunk}. At least one.
std::vector<Config> winograd_splits(const WinogradParams& shape, int batch, const WinogradKind& kind);
/// `shape` completed by a config.
WinogradParams winograd_split(WinogradParams shape, const Config& config, const WinogradKind& kind);
/// Expected seconds, for ranking.
double winograd_seconds(const WinogradParams& p, int batch, const WinogradKind& kind, int threads);

int winograd_positions(const WinogradParams& p);

}  // namespace stretto::kernels
