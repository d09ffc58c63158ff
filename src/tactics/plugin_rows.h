// The rows of the CUDA plug-in as tactics of this program: for the selector, the cover and the loader a kernel of a GPU
// is a row like any other. Its problems cross as text; it runs when a GPU has recorded it (device/gpu.h), not by
// task().
#pragma once

#include "tactics/tactic.h"

namespace stretto {

/// This number of a GPU row's config says what matters inside a network alone, as when the next step may begin; trials
/// of a step alone leave it 0.
inline constexpr size_t kInNetwork = 3;

/// Every row, in order of preference; none where the plug-in cannot be opened (device/plugin.h says why).
TacticTable cuda_tactic_table();
/// Of a table of the interface, at most kMaxPluginRows of them; one table a program.
inline constexpr size_t kMaxPluginRows = 64;

/// The number of a row of cuda_tactic_table(), as the plug-in counts.
uint32_t plugin_row(const Tactic& tactic);

}  // namespace stretto
