// libstretto_cuda.so: the interface of device/cuda_plugin.h over the rows and
// the CUDA runtime.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "kernels/cuda/interface.h"

struct StrettoGpu {
  int number = 0;
  cudaStream_t stream = nullptr;
  cudaEvent_t begin = nullptr, end = nullptr;
};

struct StrettoGraph {
  cudaGraphExec_t graph = nullptr;
};

namespace {

using namespace stretto;
using kernels::cuda::Asked;
using kernels::cuda::rows;
using kernels::cuda::takes;

int32_t fail(StrettoText *why, const std::string &text) {
  if (why != nullptr) std::snprintf(why->text, sizeof why->text, "%s", text.c_str());
  return 1;
}

int32_t check(cudaError_t error, const char *what, StrettoText *why) {
  if (error == cudaSuccess) return 0;
  cudaGetLastError();  // forgets it, where it can be forgotten
  return fail(why, std::string(what) + ": " + cudaGetErrorString(error));
}

int32_t count(int32_t *number, StrettoText *why) {
  int found = 0;
  const cudaError_t error = cudaGetDeviceCount(&found);
  *number = found;
  if (error == cudaErrorInsufficientDriver) {
    cudaGetLastError();
    int driver = 0;
    cudaDriverGetVersion(&driver);
    return fail(why, driver == 0 ? "there is no CUDA driver (libcuda.so.1); install "
                                   "NVIDIA's, or use --device cpu"
                                 : "the CUDA driver is older than this program's CUDA " +
                                       std::to_string(CUDART_VERSION / 1000) + "; update it, or use --device cpu");
  }
  if (error == cudaErrorNoDevice) {
    cudaGetLastError();
    return fail(why, "the CUDA driver finds none on this machine; use --device cpu");
  }
  return check(error, "looking for devices", why);
}

int32_t describe(int32_t number, StrettoGpuInfo *info, StrettoText *why) {
  cudaDeviceProp p{};
  if (check(cudaGetDeviceProperties(&p, number), "asking what it is", why) != 0) return 1;
  int clock = 0, memory_clock = 0;
  cudaDeviceGetAttribute(&clock, cudaDevAttrClockRate, number);
  cudaDeviceGetAttribute(&memory_clock, cudaDevAttrMemoryClockRate, number);
  *info = {};
  std::snprintf(info->name, sizeof info->name, "%s", p.name);
  info->compute = p.major * 10 + p.minor;
  info->multiprocessors = p.multiProcessorCount;
  info->clock_mhz = clock / 1000;
  cudaDriverGetVersion(&info->driver);
  cudaRuntimeGetVersion(&info->runtime);
  info->memory_bytes = p.totalGlobalMem;
  info->l2_bytes = static_cast<uint64_t>(p.l2CacheSize);
  info->memory_gb_per_s = 2e-6 * memory_clock * p.memoryBusWidth / 8;
  return 0;
}

void close(StrettoGpu *gpu) {
  if (gpu == nullptr) return;
  cudaSetDevice(gpu->number);
  if (gpu->stream != nullptr) cudaStreamSynchronize(gpu->stream);
  if (gpu->begin != nullptr) cudaEventDestroy(gpu->begin);
  if (gpu->end != nullptr) cudaEventDestroy(gpu->end);
  if (gpu->stream != nullptr) cudaStreamDestroy(gpu->stream);
  delete gpu;
}

int32_t open(int32_t number, StrettoGpu **out, StrettoText *why) {
  std::unique_ptr<StrettoGpu, void (*)(StrettoGpu *)> gpu(new (std::nothrow) StrettoGpu, close);
  if (!gpu) return fail(why, "no memory");
  gpu->number = number;
  if (check(cudaSetDevice(number), "opening it", why) != 0) return 1;
  if (check(cudaFree(nullptr), "opening it", why) != 0) return 1;  // makes the context where there is none
  if (check(cudaStreamCreateWithFlags(&gpu->stream, cudaStreamNonBlocking), "making a stream", why) != 0) return 1;
  if (check(cudaEventCreate(&gpu->begin), "making an event", why) != 0) return 1;
  if (check(cudaEventCreate(&gpu->end), "making an event", why) != 0) return 1;
  *out = gpu.release();
  return 0;
}

int32_t allocate(StrettoGpu *gpu, uint64_t bytes, void **memory, StrettoText *why) {
  cudaSetDevice(gpu->number);
  const std::string what = "allocating " + std::to_string((bytes >> 20) + 1) + " MiB";
  return check(cudaMalloc(memory, bytes), what.c_str(), why);
}
void release(StrettoGpu *gpu, void *memory) {
  cudaSetDevice(gpu->number);
  cudaFree(memory);
}
int32_t allocate_host(StrettoGpu *gpu, uint64_t bytes, void **memory, StrettoText *why) {
  cudaSetDevice(gpu->number);
  return check(cudaMallocHost(memory, bytes), "allocating pinned memory", why);
}
void release_host(StrettoGpu *gpu, void *memory) {
  cudaSetDevice(gpu->number);
  cudaFreeHost(memory);
}

int32_t copy(StrettoGpu *gpu, void *to, const void *from, uint64_t bytes, StrettoText *why) {
  cudaSetDevice(gpu->number);
  return check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, gpu->stream), "copying", why);
}
int32_t fill(StrettoGpu *gpu, void *memory, int32_t byte, uint64_t bytes, StrettoText *why) {
  cudaSetDevice(gpu->number);
  return check(cudaMemsetAsync(memory, byte, bytes, gpu->stream), "filling memory", why);
}
int32_t launch(StrettoGpu *gpu, StrettoGraph *graph, StrettoText *why) {
  cudaSetDevice(gpu->number);
  return check(cudaGraphLaunch(graph->graph, gpu->stream), "launching", why);
}
int32_t finish(StrettoGpu *gpu, StrettoText *why) {
  cudaSetDevice(gpu->number);
  return check(cudaStreamSynchronize(gpu->stream), "running", why);
}

int32_t time_launches(StrettoGpu *gpu, StrettoGraph *graph, int32_t times, double *seconds, StrettoText *why) {
  cudaSetDevice(gpu->number);
  if (check(cudaEventRecord(gpu->begin, gpu->stream), "timing", why) != 0) return 1;
  for (int32_t i = 0; i < times; ++i) {
    if (launch(gpu, graph, why) != 0) return 1;
  }
  if (check(cudaEventRecord(gpu->end, gpu->stream), "timing", why) != 0) return 1;
  if (check(cudaEventSynchronize(gpu->end), "running", why) != 0) return 1;
  float ms = 0;
  if (check(cudaEventElapsedTime(&ms, gpu->begin, gpu->end), "timing", why) != 0) return 1;
  *seconds = static_cast<double>(ms) * 1e-3 / std::max(times, 1);
  return 0;
}

/// Launches every step on the stream, which is being captured.
int32_t launch_steps(StrettoGpu *gpu, const StrettoStep *steps, uint32_t number, StrettoText *why) {
  for (uint32_t i = 0; i < number; ++i) {
    const StrettoStep &step = steps[i];
    Asked asked;
    if (!takes(step.row, step.problem, &step.config, asked)) {
      return fail(why, "step " + std::to_string(i) + ": the row does not take its problem");
    }
    const Booking booking = asked.tactic->book(*asked.problem, asked.config);
    StepArgs args;
    args.params = booking.params.data();
    args.weights = static_cast<const std::byte *>(step.weights);
    args.src = step.src;
    args.dst = step.dst;
    args.scratch = static_cast<std::byte *>(step.scratch);
    const char *wrong = kernels::cuda::launch(rows()[step.row].kernel, args, gpu->stream);
    if (wrong != nullptr) return fail(why, std::string(asked.tactic->name) + ": " + wrong);
  }
  return 0;
}

void forget(StrettoGpu *gpu, StrettoGraph *graph) {
  if (graph == nullptr) return;
  cudaSetDevice(gpu->number);
  if (graph->graph != nullptr) cudaGraphExecDestroy(graph->graph);
  delete graph;
}

int32_t record_steps(StrettoGpu *gpu, const StrettoStep *steps, uint32_t number, StrettoGraph **out, StrettoText *why) {
  cudaSetDevice(gpu->number);
  auto recorded = std::make_unique<StrettoGraph>();
  if (check(cudaStreamBeginCapture(gpu->stream, cudaStreamCaptureModeRelaxed), "recording", why) != 0) return 1;
  const int32_t wrong = launch_steps(gpu, steps, number, why);
  cudaGraph_t graph = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(gpu->stream, &graph);
  int32_t failed = wrong;
  if (failed == 0) failed = check(ended, "recording", why);
  if (failed == 0) failed = check(cudaGraphInstantiate(&recorded->graph, graph, 0), "making a graph", why);
  if (failed == 0) failed = check(cudaGraphUpload(recorded->graph, gpu->stream), "uploading a graph", why);
  if (graph != nullptr) cudaGraphDestroy(graph);
  if (failed == 0) *out = recorded.release();
  return failed;
}

int32_t record(StrettoGpu *gpu, const StrettoStep *steps, uint32_t number, StrettoGraph **out, StrettoText *why) {
  try {
    return record_steps(gpu, steps, number, out, why);
  } catch (const std::exception &error) {
    return fail(why, error.what());
  }
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const StrettoDeviceTable *stretto_device_v1(void) {
  static const StrettoDeviceTable table = [] {
    StrettoDeviceTable t{};
    kernels::cuda::fill_rows(t);
    t.count = count;
    t.describe = describe;
    t.open = open;
    t.close = close;
    t.allocate = allocate;
    t.release = release;
    t.allocate_host = allocate_host;
    t.release_host = release_host;
    t.copy = copy;
    t.fill = fill;
    t.launch = launch;
    t.finish = finish;
    t.time = time_launches;
    t.record = record;
    t.forget = forget;
    return t;
  }();
  return &table;
}
