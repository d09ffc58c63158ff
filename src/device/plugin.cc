#include "device/plugin.h"

#include <dlfcn.h>
#include <unistd.h>

#include <filesystem>

namespace stretto {
namespace {

constexpr const char* kFile = "libstretto_cuda.so";

/// The folder of the running program; empty where the system does not say.
std::string program_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : program.parent_path().string();
}

Result<CudaPlugin> find_plugin() {
  const std::string folder = program_folder(), beside = folder + "/" + kFile;
  std::error_code error;
  if (!folder.empty() && std::filesystem::exists(beside, error)) return open_plugin(beside);
  auto found = open_plugin(kFile);
  if (found.ok() || ::access(kFile, F_OK) == 0) return found;
  return failed("no CUDA plug-in: " + std::string(kFile) + " is neither in '" + folder +
                "' nor where the system looks; build Stretto where nvcc is, or use --device cpu");
}

}  // namespace

Result<CudaPlugin> open_plugin(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return failed("the CUDA plug-in cannot be opened (" + std::string(dlerror()) + ")");
  const auto entry = reinterpret_cast<StrettoDeviceEntry>(dlsym(library, STRETTO_CUDA_ENTRY));
  const StrettoDeviceTable* table = entry == nullptr ? nullptr : entry();
  if (table != nullptr && table->abi == STRETTO_CUDA_ABI) return table;
  const std::string speaks = table == nullptr ? "none of ours" : "version " + std::to_string(table->abi);
  dlclose(library);
  return failed("the CUDA plug-in '" + path + "' has another interface (" + speaks + ", this program speaks version " +
                std::to_string(STRETTO_CUDA_ABI) + "); build both from the same source");
}

Result<CudaPlugin> cuda_plugin() {
  static const Result<CudaPlugin> plugin = find_plugin();
  return plugin;
}

}  // namespace stretto
