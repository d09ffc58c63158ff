// A GPU, through the plug-in: memory, copies, recorded steps.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "device/plugin.h"

namespace stretto {

struct GpuInfo {
  std::string name;
  int number = 0;
  int compute = 0;  // compute capability times ten
  int multiprocessors = 0;
  int clock_mhz = 0;
  int driver = 0, runtime = 0;  // 13000 is CUDA 13.0
  size_t memory_bytes = 0, l2_bytes = 0;
  double memory_gb_per_s = 0;
};

/// "9.0"
std::string compute_text(int compute);
/// N of "cuda:N", 0 of "cuda", −1 of "cpu"; bad_usage for anything else.
Result<int> gpu_number(std::string_view device);

/// Every GPU of this machine. Failed, with the reason, where there is no plug-in, no driver or no GPU.
Result<std::vector<GpuInfo>> gpus();
/// One of them; failed where there is none with that number.
Result<GpuInfo> gpu_info(int number);

/// A GPU with a stream of its own: what is asked of it happens in order. Not for two threads at once. Memory and graphs
/// keep their GPU open.
class Gpu {
 public:
  static Result<std::shared_ptr<Gpu>> open(int number);
  ~Gpu();
  Gpu(const Gpu&) = delete;
  Gpu& operator=(const Gpu&) = delete;

  const GpuInfo& info() const { return info_; }

  /// These three do not wait. `from` and `to` are memory of the GPU, or of the host (pinned, or it is waited for).
  Status copy(void* to, const void* from, size_t bytes);
  Status fill(void* memory, int byte, size_t bytes);
  Status launch(StrettoGraph* graph);
  /// Waits for everything asked for.
  Status finish();
  /// Mean seconds of `times` launches in a row, by the GPU's clock.
  Result<double> time(StrettoGraph* graph, int times);

 private:
  friend class GpuMemory;
  friend class GpuGraph;
  Gpu(CudaPlugin plugin, StrettoGpu* gpu, GpuInfo info) : plugin_(plugin), gpu_(gpu), info_(std::move(info)) {}

  CudaPlugin plugin_;
  StrettoGpu* gpu_;
  GpuInfo info_;
};

/// Owned memory of a GPU, or of the host such that the GPU reaches it; not cleared.
class GpuMemory {
 public:
  GpuMemory() = default;
  static Result<GpuMemory> on_gpu(std::shared_ptr<Gpu> gpu, size_t bytes) { return make(std::move(gpu), bytes, false); }
  static Result<GpuMemory> on_host(std::shared_ptr<Gpu> gpu, size_t bytes) { return make(std::move(gpu), bytes, true); }
  ~GpuMemory();
  GpuMemory(GpuMemory&& o) noexcept;
  GpuMemory& operator=(GpuMemory&& o) noexcept;

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  static Result<GpuMemory> make(std::shared_ptr<Gpu> gpu, size_t bytes, bool host);

  std::shared_ptr<Gpu> gpu_;
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  bool host_ = false;
};

/// Recorded steps, to be launched on the GPU that they were recorded on.
class GpuGraph {
 public:
  GpuGraph() = default;
  static Result<GpuGraph> record(std::shared_ptr<Gpu> gpu, std::span<const StrettoStep> steps);
  ~GpuGraph();
  GpuGraph(GpuGraph&& o) noexcept;
  GpuGraph& operator=(GpuGraph&& o) noexcept;

  StrettoGraph* get() const { return graph_; }

 private:
  std::shared_ptr<Gpu> gpu_;
  StrettoGraph* graph_ = nullptr;
};

}  // namespace stretto
