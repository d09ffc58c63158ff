#include <stretto/tools.h>

#include "base/cpu_info.h"
#include "device/gpu.h"
#include "tools/peak.h"

namespace stretto {

namespace {

DeviceInfo device_of(const GpuInfo& gpu) {
  DeviceInfo d;
  d.gpu = true;
  d.name = "cuda:" + std::to_string(gpu.number);
  d.model = gpu.name;
  d.compute_capability = compute_text(gpu.compute);
  d.multiprocessors = gpu.multiprocessors;
  d.driver = gpu.driver;
  d.memory_bytes = gpu.memory_bytes;
  d.gpu_l2_bytes = gpu.l2_bytes;
  d.memory_gb_per_s = gpu.memory_gb_per_s;
  d.clock_ghz = gpu.clock_mhz * 1e-3;
  return d;
}

DeviceInfo the_cpu(bool measure_peaks) {
  constexpr Isa kAll[] = {Isa::scalar,      Isa::avx2, Isa::avx_vnni, Isa::avx512, Isa::avx512_vnni,
                          Isa::avx512_fp16, Isa::neon, Isa::dotprod,  Isa::i8mm};
  DeviceInfo cpu;
  cpu.name = "cpu";
  cpu.model = cpu_model();
  cpu.best_isa = std::string(name_of(best_isa()));
  for (Isa isa : kAll) {
    if (cpu_has(isa)) cpu.isas.emplace_back(name_of(isa));
  }
  cpu.cpus = usable_cpus();
  cpu.l1_bytes = cache_bytes(1);
  cpu.l2_bytes = cache_bytes(2);
  cpu.l3_bytes = cache_bytes(3);
  if (!measure_peaks) return cpu;
  for (Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512, Isa::neon}) {
    if (!cpu_has(isa)) continue;
    cpu.peaks.push_back({std::string(name_of(isa)), 1, tools::measure_peak_gflops(isa, 1)});
    if (cpu.cpus > 1) {
      cpu.peaks.push_back({std::string(name_of(isa)), cpu.cpus, tools::measure_peak_gflops(isa, cpu.cpus)});
    }
  }
  cpu.memory_gb_per_s = tools::measure_memory_gb_per_s(cpu.cpus);
  cpu.clock_ghz = tools::measure_clock_ghz();
  return cpu;
}

}  // namespace

std::vector<DeviceInfo> devices(bool measure_peaks, std::string* no_gpu) {
  std::vector<DeviceInfo> found = {the_cpu(measure_peaks)};
  auto on_gpus = gpus();
  if (!on_gpus.ok()) {
    if (no_gpu != nullptr) *no_gpu = on_gpus.status().message();
    return found;
  }
  for (const GpuInfo& gpu : *on_gpus) found.push_back(device_of(gpu));
  return found;
}

}  // namespace stretto
