// stretto bench PLAN|MODEL.onnx
#include <fmt/format.h>
#include <stretto/stretto.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/build_flags.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/text.h"

namespace stretto::cli {
namespace {

constexpr size_t kSlowest = 10;

struct Options {
  BenchOptions bench;
  BuildFlags build;
  std::string file;
  bool json = false, quiet = false, layers = false;
};

void print_layers(const BenchReport& r, bool all) {
  using enum Table::Align;
  std::vector<BenchLayer> layers = r.layers;
  double total = 0;
  for (const BenchLayer& l : layers) total += l.time_ms;
  if (!all) {
    std::stable_sort(layers.begin(), layers.end(), [](const auto& a, const auto& b) { return a.time_ms > b.time_ms; });
    if (layers.size() > kSlowest) layers.resize(kSlowest);
  }
  if (r.gpu.name.empty()) {
    fmt::print("{} {} layers; peak {:.1f} GFLOP/s at {:.2f} GHz with {} thread{}, each step waited for\n",
               all ? "all" : "slowest of", r.layers.size(), r.peak_gflops, r.clock_ghz, r.threads,
               r.threads == 1 ? "" : "s");
  } else {
    fmt::print("{} {} layers, each launched some times in a row\n", all ? "all" : "slowest of", r.layers.size());
  }
  Table table({"layer", "op", "tactic", "type", "ms", "share", "GFLOP/s", "of peak"},
              {left, left, left, left, right, right, right, right});
  for (const BenchLayer& l : layers) {
    table.add({l.name, l.op, l.tactic, l.precision, fmt::format("{:.4f}", l.time_ms),
               fmt::format("{:.1f} %", total > 0 ? 100 * l.time_ms / total : 0), fmt::format("{:.1f}", l.gflops),
               fmt::format("{:.1f} %", l.percent_of_peak)});
  }
  fmt::print("{}", table.text(40));
}

void print_gpu(const BenchReport& r) {
  const LatencyStats& l = r.gpu.network_ms;
  fmt::print("  on {}, by its clock, all steps as one graph, without transfers:\n", r.gpu.name);
  fmt::print("              p50 {:.4f}  p90 {:.4f}  p99 {:.4f}  max {:.4f} ms; launched in a row {:.4f} ms each\n",
             l.p50, l.p90, l.p99, l.max, r.gpu.in_a_row_ms);
  fmt::print("  transfers   inputs {:.4f} ms, outputs {:.4f} ms (the latency above holds them)\n", r.gpu.inputs_ms,
             r.gpu.outputs_ms);
}

void print_report(const BenchReport& r, bool all_layers) {
  const LatencyStats& l = r.latency_ms;
  fmt::print("{}: {}, {}, {} thread{}, {} context{}, batch {}\n", r.plan, r.device, r.precision, r.threads,
             r.threads == 1 ? "" : "s", r.contexts, r.contexts == 1 ? "" : "s", r.batch);
  fmt::print("  latency     p50 {:.3f}  p90 {:.3f}  p99 {:.3f}  p99.9 {:.3f}  max {:.3f} ms\n", l.p50, l.p90, l.p99,
             l.p999, l.max);
  fmt::print("              mean {:.3f} ± {:.3f}  min {:.3f} ms   ({} runs in {})\n", l.mean, l.std, l.min,
             r.iterations, time_text(r.wall_s * 1e3));
  if (!r.gpu.name.empty()) print_gpu(r);
  fmt::print("  throughput  {:.2f} samples a second, {:.2f} CPUs busy\n", r.throughput_per_s,
             r.wall_s > 0 ? r.cpu_s / r.wall_s : 0);
  if (r.deadline.rate_hz > 0) {
    fmt::print("  deadline    {} of {} arrivals at {} Hz missed {} ms\n", r.deadline.missed,
               std::max(r.iterations, r.deadline.missed), r.deadline.rate_hz, r.deadline.deadline_ms);
  }
  fmt::print("  memory      weights {}, activations {}, workspace {}; peak of the process {}\n",
             bytes_text(r.memory.weights), bytes_text(r.memory.activations), bytes_text(r.memory.workspace),
             bytes_text(r.peak_rss_bytes));
  if (r.load_ms > 0) {
    fmt::print("  loaded in   {}, first result after {}\n", time_text(r.load_ms), time_text(r.first_ms));
    if (r.gpu.open_ms > 0) fmt::print("              of these, {} until CUDA was up\n", time_text(r.gpu.open_ms));
  }
  if (!r.layers.empty()) print_layers(r, all_layers);
}

/// A plan is loaded; anything else is built in memory first.
BenchReport measure(const Options& o, ProgressLine& line) {
  check_device(o.build.device);
  const std::string gpu = o.build.device == "cpu" ? "" : o.build.device;
  if (is_plan(o.file)) return bench(o.file, o.bench, gpu);
  if (!o.build.explain.empty()) {
    throw Error(ErrorKind::bad_usage, "--explain is for `stretto build`: bench only measures time; leave it out");
  }
  BuildOptions options = to_build_options(o.build);
  options.threads = o.bench.threads;
  options.progress = [&line](const Progress& p) {
    line.update("build: " + p.stage, p.fraction, p.remaining_s, p.detail);
  };
  const Plan plan = build(o.file, options);
  line.clear();
  BenchReport report = bench(Engine(plan, gpu), o.bench);
  report.plan = o.file;
  return report;
}

void run(Options& o) {
  ProgressLine line("bench", o.quiet);
  if (!o.bench.trace.empty()) check_can_write(o.bench.trace);
  o.bench.layers = o.layers || !o.json;
  o.bench.progress = [&line](double fraction) { line.update("measure", fraction); };
  const BenchReport report = measure(o, line);
  line.clear();
  if (o.json) {
    print_json(to_json(report, o.layers));
  } else {
    print_report(report, o.layers);
  }
}

}  // namespace

void add_bench(CLI::App& app, Work& work) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("bench", "Measure latency, jitter, throughput and memory");
  sub->add_option("PLAN|MODEL", o->file, "A plan, or an ONNX file that is built in memory first")->required();
  sub->add_option("--iterations", o->bench.iterations, "Runs to measure, over all contexts (default: by duration)")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000000}));
  sub->add_option("--duration", o->bench.duration_s, "Seconds to measure")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_option("--warmup", o->bench.warmup_s, "Seconds to run before")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--threads", o->bench.threads, "Threads of each context (default: the CPUs this process may use)")
      ->check(CLI::Range(1, 1024));
  sub->add_option("--contexts", o->bench.contexts, "Streams of inferences side by side")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  CLI::Option* rate =
      sub->add_option("--rate", o->bench.rate_hz, "Paced arrivals a second, like a camera")->check(CLI::PositiveNumber);
  sub->add_option("--deadline", o->bench.deadline_ms, "Milliseconds from arrival to result (default: the period)")
      ->check(CLI::PositiveNumber)
      ->needs(rate);
  sub->add_flag("--no-pacing{false}", o->bench.pacing,
                "Do not wake processors and fetch weights ahead of runs that come at a steady rate");
  sub->add_option("--cpus", o->bench.cpus,
                  "CPUs for the threads, one each: 0,1 (default: wherever the system puts them)")
      ->delimiter(',')
      ->check(CLI::Range(0, 1 << 16));
  sub->add_option("--priority", o->bench.priority, "Real-time priority of the threads (first in, first out), 1 to 99")
      ->check(CLI::Range(1, 99));
  sub->add_option("--input", o->bench.input, "A sample or folder, as for `run` (default: random)");
  sub->add_option("--trace", o->bench.trace, "Write a timeline that Perfetto and chrome://tracing open");
  sub->add_option("--program", o->bench.program, "Which set of input shapes, in the order they were built")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_flag("--layers", o->layers, "Every layer, in the JSON too (default: the ten slowest, on a screen)");
  sub->add_flag("--json", o->json, "Report as one JSON object on stdout");
  sub->add_flag("--quiet", o->quiet, "No progress on stderr");
  add_build_flags(*sub, o->build, false);
  sub->footer(
      "Examples:\n"
      "  stretto bench resnet50.plan\n"
      "  stretto bench resnet50.plan --rate 30 --deadline 33 --duration 60\n"
      "  stretto bench resnet50.onnx --threads 2 --layers --json\n\n"
      "The build options above are for MODEL.onnx; a plan ignores them.");
  sub->callback([o, &work] { work = [o] { run(*o); }; });
}

}  // namespace stretto::cli
