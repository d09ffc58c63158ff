#include "device/gpu.h"

#include <charconv>
#include <utility>

namespace stretto {
namespace {

/// What a call of the plug-in gave: nothing wrong, or its reason.
Status status_of(int32_t wrong, const StrettoText& why) {
  return wrong == 0 ? Status() : failed("GPU: " + std::string(why.text));
}

GpuInfo info_from(int number, const StrettoGpuInfo& raw) {
  GpuInfo info;
  info.name = raw.name;
  info.number = number;
  info.compute = raw.compute;
  info.multiprocessors = raw.multiprocessors;
  info.clock_mhz = raw.clock_mhz;
  info.driver = raw.driver;
  info.runtime = raw.runtime;
  info.memory_bytes = raw.memory_bytes;
  info.l2_bytes = raw.l2_bytes;
  info.memory_gb_per_s = raw.memory_gb_per_s;
  return info;
}

Result<std::vector<GpuInfo>> find_gpus() {
  STRETTO_ASSIGN(const CudaPlugin plugin, cuda_plugin());
  StrettoText why{};
  int32_t count = 0;
  STRETTO_TRY(status_of(plugin->count(&count, &why), why));
  std::vector<GpuInfo> found;
  for (int32_t i = 0; i < count; ++i) {
    StrettoGpuInfo raw{};
    STRETTO_TRY(status_of(plugin->describe(i, &raw, &why), why));
    found.push_back(info_from(i, raw));
  }
  if (found.empty()) return failed("GPU: this machine has none; use --device cpu");
  return found;
}

}  // namespace

std::string compute_text(int compute) {
  return std::to_string(compute / 10) + "." + std::to_string(compute % 10);
}

Result<int> gpu_number(std::string_view device) {
  if (device == "cpu") return -1;
  if (device == "cuda") return 0;
  int number = 0;
  const std::string_view digits = device.substr(0, 5) == "cuda:" ? device.substr(5) : std::string_view();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || digits.size() > 3 || error != std::errc() || end != digits.data() + digits.size() ||
      number < 0) {
    return bad_usage("device '" + std::string(device) + "' is not known; give cpu, cuda or cuda:N");
  }
  return number;
}

Result<std::vector<GpuInfo>> gpus() {
  static const Result<std::vector<GpuInfo>> found = find_gpus();  // asking takes milliseconds
  return found;
}

Result<GpuInfo> gpu_info(int number) {
  STRETTO_ASSIGN(const std::vector<GpuInfo> found, gpus());
  if (number < 0 || static_cast<size_t>(number) >= found.size()) {
    return failed("there is no GPU 'cuda:" + std::to_string(number) + "': this machine has " +
                  std::to_string(found.size()) + ", numbered from 0");
  }
  return found[static_cast<size_t>(number)];
}

Result<std::shared_ptr<Gpu>> Gpu::open(int number) {
  STRETTO_ASSIGN(GpuInfo info, gpu_info(number));
  STRETTO_ASSIGN(const CudaPlugin plugin, cuda_plugin());
  StrettoText why{};
  StrettoGpu* gpu = nullptr;
  STRETTO_TRY(status_of(plugin->open(number, &gpu, &why), why));
  return std::shared_ptr<Gpu>(new Gpu(plugin, gpu, std::move(info)));
}

Gpu::~Gpu() {
  plugin_->close(gpu_);
}

Status Gpu::copy(void* to, const void* from, size_t bytes) {
  if (bytes == 0) return {};
  StrettoText why{};
  return status_of(plugin_->copy(gpu_, to, from, bytes, &why), why);
}

Status Gpu::fill(void* memory, int byte, size_t bytes) {
  if (bytes == 0) return {};
  StrettoText why{};
  return status_of(plugin_->fill(gpu_, memory, byte, bytes, &why), why);
}

Status Gpu::launch(StrettoGraph* graph) {
  StrettoText why{};
  return status_of(plugin_->launch(gpu_, graph, &why), why);
}

Status Gpu::finish() {
  StrettoText why{};
  return status_of(plugin_->finish(gpu_, &why), why);
}

Result<double> Gpu::time(StrettoGraph* graph, int times) {
  StrettoText why{};
  double seconds = 0;
  STRETTO_TRY(status_of(plugin_->time(gpu_, graph, times, &seconds, &why), why));
  return seconds;
}

Result<GpuMemory> GpuMemory::make(std::shared_ptr<Gpu> gpu, size_t bytes, bool host) {
  GpuMemory memory;
  StrettoText why{};
  void* data = nullptr;
  if (bytes > 0) {
    const auto allocate = host ? gpu->plugin_->allocate_host : gpu->plugin_->allocate;
    STRETTO_TRY(status_of(allocate(gpu->gpu_, bytes, &data, &why), why));
  }
  memory.gpu_ = std::move(gpu);
  memory.data_ = static_cast<std::byte*>(data);
  memory.size_ = bytes;
  memory.host_ = host;
  return memory;
}

GpuMemory::~GpuMemory() {
  if (data_ == nullptr) return;
  (host_ ? gpu_->plugin_->release_host : gpu_->plugin_->release)(gpu_->gpu_, data_);
}

GpuMemory::GpuMemory(GpuMemory&& o) noexcept {
  *this = std::move(o);
}

GpuMemory& GpuMemory::operator=(GpuMemory&& o) noexcept {
  std::swap(gpu_, o.gpu_);
  std::swap(data_, o.data_);
  std::swap(size_, o.size_);
  std::swap(host_, o.host_);
  return *this;
}

Result<GpuGraph> GpuGraph::record(std::shared_ptr<Gpu> gpu, std::span<const StrettoStep> steps) {
  GpuGraph graph;
  StrettoText why{};
  const auto count = static_cast<uint32_t>(steps.size());
  STRETTO_TRY(status_of(gpu->plugin_->record(gpu->gpu_, steps.data(), count, &graph.graph_, &why), why));
  graph.gpu_ = std::move(gpu);
  return graph;
}

GpuGraph::~GpuGraph() {
  if (graph_ != nullptr) gpu_->plugin_->forget(gpu_->gpu_, graph_);
}

GpuGraph::GpuGraph(GpuGraph&& o) noexcept {
  *this = std::move(o);
}

GpuGraph& GpuGraph::operator=(GpuGraph&& o) noexcept {
  std::swap(gpu_, o.gpu_);
  std::swap(graph_, o.graph_);
  return *this;
}

}  // namespace stretto
