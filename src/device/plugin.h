// The CUDA plug-in: found, opened, and held to the interface of device/cuda_plugin.h.
#pragma once

#include <string>

#include "base/status.h"
#include "device/cuda_plugin.h"

namespace stretto {

using CudaPlugin = const StrettoDeviceTable*;

/// libstretto_cuda.so beside this program, else where the system's loader finds it. Opened by the first call, which may
/// come from any thread; stays open. Failed (one line, what to do) where it is missing or speaks another interface.
/// Needs no GPU and no driver.
Result<CudaPlugin> cuda_plugin();

/// The same of one file, every time anew.
Result<CudaPlugin> open_plugin(const std::string& path);

}  // namespace stretto
