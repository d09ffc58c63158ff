#include <stretto/tools.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/cpu_info.h"
#include "builder/input_set.h"
#include "builder/verify.h"
#include "runtime/engine_impl.h"
#include "runtime/executor.h"
#include "runtime/throw.h"
#include "samples/files.h"
#include "tools/describe.h"
#include "tools/latency.h"
#include "tools/load.h"
#include "tools/peak.h"
#include "tools/trace.h"

namespace stretto {
namespace {

constexpr int kTracedRuns = 5;
constexpr int kMinProfiles = 5, kMaxProfiles = 200;
constexpr double kProfileSeconds = 0.5;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Result<std::vector<Tensor>> first_input(const plan::Plan& plan, const plan::Program& program, const std::string& path) {
  if (path.empty()) return random_sample(program, 1);
  STRETTO_ASSIGN(const InputSet set, InputSet::open(path, program, plan.preprocess.spec));
  STRETTO_ASSIGN(auto batches, read_batches(set, program, 1));
  if (batches.empty()) return bad_input(path + ": no samples; give a file or a folder with some");
  return std::move(batches[0]);
}

tools::Lane make_lane(const Engine& engine, const ContextOptions& options, const plan::Program& program,
                      const std::vector<Tensor>& input) {
  tools::Lane lane{engine.context(options), {}, {}, {}, {}};
  for (const Tensor& t : input) {
    const auto* from = static_cast<const std::byte*>(t.data());
    lane.input_data.emplace_back(from, from + t.bytes());
  }
  for (const plan::Binding& b : program.outputs) lane.output_data.emplace_back(b.type.bytes());
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    lane.inputs.emplace_back(program.inputs[i].name, lane.input_data[i].data(), lane.input_data[i].size());
  }
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    lane.outputs.emplace_back(program.outputs[i].name, lane.output_data[i].data(), lane.output_data[i].size());
  }
  return lane;
}

/// The median of each step over a good half second of profiled runs.
std::vector<StepTime> profile_layers(tools::Lane& lane) {
  std::vector<std::vector<StepTime>> runs;
  const auto start = Clock::now();
  while (runs.size() < kMinProfiles || (runs.size() < kMaxProfiles && seconds_since(start) < kProfileSeconds)) {
    runs.push_back(lane.context.profile(lane.inputs, lane.outputs));
  }
  std::vector<StepTime> layers = runs[0];
  std::vector<double> times(runs.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    for (size_t r = 0; r < runs.size(); ++r) times[r] = runs[r][i].ms;
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    layers[i].ms = times[times.size() / 2];
  }
  return layers;
}

std::vector<BenchLayer> bench_layers(const std::vector<StepTime>& steps, double peak_gflops) {
  std::vector<BenchLayer> layers;
  for (const StepTime& step : steps) {
    BenchLayer layer{step.name, step.op, step.tactic, step.precision, step.ms, 0, 0};
    if (step.ms > 0) layer.gflops = step.gflop / step.ms * 1e3;
    if (peak_gflops > 0) layer.percent_of_peak = 100 * layer.gflops / peak_gflops;
    layers.push_back(layer);
  }
  return layers;
}

/// Of this program alone: ru_maxrss begins with what the process that started it had.
size_t peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

/// The network by the GPU's clock, on a context of its own and the input of the bench: zeros would take less power, and
/// so less time.
void measure_gpu(const Engine& engine, int program, const std::vector<Tensor>& input, BenchReport& report) {
  constexpr int kSingle = 300, kInARow = 100, kWarm = 50;
  const auto& resolved = engine.impl()->resolved;
  const auto executor = value_or_throw(Executor::create(resolved, program, 1));
  std::vector<const void*> inputs;
  std::vector<Tensor> output;
  std::vector<void*> outputs;
  for (const Tensor& t : input) inputs.push_back(t.data());
  for (const plan::Binding& b : executor->program().outputs) output.emplace_back(b.type);
  for (Tensor& t : output) outputs.push_back(t.mutable_data());
  executor->run(inputs, outputs);
  throw_if_failed(executor->failure());
  value_or_throw(executor->time_gpu(kWarm));
  std::vector<double> ms;
  for (int i = 0; i < kSingle; ++i) ms.push_back(value_or_throw(executor->time_gpu(1)).network * 1e3);
  const GpuTimes in_a_row = value_or_throw(executor->time_gpu(kInARow));
  report.gpu.name = resolved->gpu->info().name;
  report.gpu.driver = resolved->gpu->info().driver;
  report.gpu.open_ms = resolved->gpu_open_s * 1e3;
  report.gpu.network_ms = tools::latency_stats(std::move(ms));
  report.gpu.in_a_row_ms = in_a_row.network * 1e3;
  report.gpu.inputs_ms = in_a_row.inputs_in * 1e3;
  report.gpu.outputs_ms = in_a_row.outputs_out * 1e3;
}

void check(const BenchOptions& o) {
  const bool wrong = o.iterations < 0 || o.duration_s < 0 || o.warmup_s < 0 || o.threads < 0 || o.contexts < 1 ||
                     o.rate_hz < 0 || o.deadline_ms < 0;
  if (wrong)
    throw Error(ErrorKind::bad_usage, "bench: a count or time is negative, or there are no contexts; see --help");
  if (o.deadline_ms > 0 && o.rate_hz == 0) {
    throw Error(ErrorKind::bad_usage, "bench: a deadline needs paced arrivals; give --rate HZ as well");
  }
}

}  // namespace

BenchReport bench(const std::string& plan, const BenchOptions& options, const std::string& device) {
  check(options);
  const auto start = Clock::now();
  const Engine engine = Engine::load(plan, false, device);
  const double load_ms = seconds_since(start) * 1e3;
  BenchReport report = bench(engine, options);
  report.plan = plan;
  report.load_ms = load_ms;
  report.first_ms += load_ms;
  return report;
}

BenchReport bench(const Engine& engine, const BenchOptions& options) {
  check(options);
  const plan::Plan& plan = engine.impl()->plan();
  const plan::Program& program = engine.impl()->program(options.program);
  const std::vector<Tensor> input = value_or_throw(first_input(plan, program, options.input));
  const int threads = options.threads > 0 ? options.threads : std::max(1, usable_cpus() / options.contexts);

  BenchReport report;
  report.plan = plan.report.model;
  report.device = plan.report.device;
  report.precision = plan.report.precision;
  report.preprocess = plan.preprocess.spec;
  report.threads = threads;
  report.contexts = options.contexts;
  report.batch = divide(program).batch;
  report.memory = engine.memory(options.program, threads);

  std::vector<tools::Lane> lanes;
  const auto start = Clock::now();
  for (int i = 0; i < options.contexts; ++i) {
    ContextOptions context{
        .threads = threads, .program = options.program, .pacing = options.pacing, .priority = options.priority};
    for (int t = 0; t < threads && !options.cpus.empty(); ++t) {
      context.cpus.push_back(options.cpus[static_cast<size_t>(i * threads + t) % options.cpus.size()]);
    }
    lanes.push_back(make_lane(engine, context, program, input));
    if (i > 0) continue;
    lanes[0].context.run(lanes[0].inputs, lanes[0].outputs);
    report.first_ms = seconds_since(start) * 1e3;
  }
  tools::LoadOptions load{options.iterations, options.duration_s,  options.warmup_s,
                          options.rate_hz,    options.deadline_ms, options.progress};
  const tools::LoadResult result = tools::run_load(lanes, load);
  report.latency_ms = tools::latency_stats(result.latency_ms);
  report.iterations = static_cast<int64_t>(result.latency_ms.size());
  report.wall_s = result.wall_s;
  report.cpu_s = result.cpu_s;
  report.throughput_per_s = static_cast<double>(report.iterations * report.batch) / std::max(1e-9, result.wall_s);
  report.deadline.rate_hz = options.rate_hz;
  report.deadline.deadline_ms = options.deadline_ms > 0 ? options.deadline_ms
                                : options.rate_hz > 0   ? 1e3 / options.rate_hz
                                                        : 0;
  report.deadline.missed = result.missed;
  report.peak_rss_bytes = peak_rss_bytes();

  while (lanes.size() > 1) lanes.pop_back();
  if (plan.device == plan::Device::cuda) measure_gpu(engine, options.program, input, report);
  if (options.layers) {
    const std::vector<StepTime> steps = profile_layers(lanes[0]);
    if (plan.device == plan::Device::cpu) {
      report.peak_gflops = tools::measure_peak_gflops(tools::widest_float_isa(), threads);
      report.clock_ghz = tools::measure_clock_ghz();
    }
    report.layers = bench_layers(steps, report.peak_gflops);
  }
  if (!options.trace.empty()) {
    std::vector<std::vector<StepTime>> runs;
    for (int i = 0; i < kTracedRuns; ++i) runs.push_back(lanes[0].context.profile(lanes[0].inputs, lanes[0].outputs));
    const std::string text = tools::trace_json(report.plan, runs);
    throw_if_failed(samples::write_file(options.trace, std::as_bytes(std::span(text))));
  }
  return report;
}

}  // namespace stretto
