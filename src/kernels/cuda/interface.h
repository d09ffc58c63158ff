// The half of the plug-in's interface that needs no GPU: rows asked about
// problems that come as text.
#pragma once

#include "device/cuda_plugin.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {

/// Sets `abi`, the rows, and the functions that ask them. Those let nothing be
/// thrown.
void fill_rows(StrettoDeviceTable &table);

struct Asked {
  const Tactic *tactic = nullptr;
  const Problem *problem = nullptr;  // until the next is asked about on this thread
  Config config;
};
/// Whether the row is there and takes the problem and, where one is given, has
/// the config.
bool takes(uint32_t row, const char *text, const StrettoConfig *config, Asked &asked);

}  // namespace stretto::kernels::cuda
