// stretto devices
#include <fmt/format.h>
#include <stretto/stretto.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stretto::cli {
namespace {

struct Options {
  bool json = false, no_peaks = false;
};

void print_gpu(const DeviceInfo& d) {
  fmt::print("{}: {}, compute capability {}, {} multiprocessors at up to {:.2f} GHz\n", d.name, one_line(d.model),
             d.compute_capability, d.multiprocessors, d.clock_ghz);
  fmt::print("  memory        {}, {:.0f} GB/s; L2 {}\n", bytes_text(d.memory_bytes), d.memory_gb_per_s,
             bytes_text(d.gpu_l2_bytes));
  fmt::print("  driver        CUDA {}.{}\n", d.driver / 1000, d.driver % 1000 / 10);
}

void print_device(const DeviceInfo& d) {
  using enum Table::Align;
  if (d.gpu) return print_gpu(d);
  fmt::print("{}: {}, {} CPU{} usable\n", d.name, one_line(d.model), d.cpus, d.cpus == 1 ? "" : "s");
  fmt::print("  ISA           {} (best: {})\n", fmt::join(d.isas, " "), d.best_isa);
  const auto cache = [](int64_t bytes) {
    return bytes > 0 ? bytes_text(static_cast<size_t>(bytes)) : std::string("unknown");
  };
  fmt::print("  caches        L1 {}, L2 {}, L3 {}\n", cache(d.l1_bytes), cache(d.l2_bytes), cache(d.l3_bytes));
  if (d.peaks.empty()) return;
  fmt::print("  clock         {:.2f} GHz under load\n  memory        {:.1f} GB/s read\n", d.clock_ghz,
             d.memory_gb_per_s);
  Table table({"peak", "threads", "FP32 GFLOP/s"}, {left, right, right});
  for (const DeviceInfo::Peak& p : d.peaks) {
    table.add({p.isa, fmt::format("{}", p.threads), fmt::format("{:.1f}", p.fp32_gflops)});
  }
  fmt::print("{}", table.text());
}

void run(const Options& o) {
  std::string no_gpu;
  const std::vector<DeviceInfo> found = devices(!o.no_peaks, &no_gpu);
  if (!o.json) {
    for (const DeviceInfo& d : found) print_device(d);
    if (!no_gpu.empty()) fmt::print("cuda: none ({})\n", one_line(no_gpu));
    return;
  }
  nlohmann::json out = {{"devices", nlohmann::json::array()}};
  if (!no_gpu.empty()) out["no_gpu"] = no_gpu;
  for (const DeviceInfo& d : found) out["devices"].push_back(to_json(d));
  print_json(out);
}

}  // namespace

void add_devices(CLI::App& app, Work& work) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("devices", "Targets on this machine: ISA, cores, caches, measured peaks, GPUs");
  sub->add_flag("--no-peaks", o->no_peaks, "Do not measure");
  sub->add_flag("--json", o->json, "One JSON object on stdout");
  sub->callback([o, &work] { work = [o] { run(*o); }; });
}

}  // namespace stretto::cli
