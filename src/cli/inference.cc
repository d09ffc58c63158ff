// inference: the tool of the thesis (Appendix B), flag for flag.
#include <fmt/format.h>
#include <stretto/stretto.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>

#include "cli/build_flags.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/text.h"

namespace {
using namespace stretto;
using namespace stretto::cli;

struct Options {
  std::string file, plan, dir, output_dir, calibration_dir, calibration, device = "cpu";
  int64_t batch = 0;
  int iterations = 1;
  bool half = false;
};

Error usage(const std::string& message) {
  return {ErrorKind::bad_usage, message};
}

BuildOptions build_options(const Options& o) {
  BuildFlags flags;
  flags.device = o.device;
  flags.batch = o.batch > 0 ? o.batch : 1;
  if (!o.calibration_dir.empty() || !o.calibration.empty()) {
    flags.precisions.emplace_back("int8");
    flags.calib = o.calibration_dir;
    flags.calib_cache = o.calibration;
  }
  if (o.half) flags.precisions.emplace_back("fp16");
  return to_build_options(flags);
}

/// Builds when a model is given (and saves when a plan is named), loads otherwise.
Engine make_engine(const Options& o) {
  const std::string gpu = o.device == "cpu" ? "" : o.device;
  if (o.file.empty()) return Engine::load(o.plan, false, gpu);
  BuildOptions options = build_options(o);
  if (!o.plan.empty()) check_can_write(o.plan);
  ProgressLine line("inference");
  options.progress = [&line](const Progress& p) { line.update(p.stage, p.fraction, p.remaining_s, p.detail); };
  const Plan plan = build(o.file, options);
  if (!o.plan.empty()) {
    const Saving saving;
    plan.save(o.plan);
  }
  return Engine(plan, gpu);
}

int64_t batch_of(const Engine& engine, int program) {
  const std::vector<TensorInfo> inputs = engine.inputs(program);
  return inputs.empty() || inputs[0].shape.empty() ? 1 : inputs[0].shape[0];
}

/// The program with the batch asked for; without one, the first.
int choose_program(const Engine& engine, int64_t batch) {
  for (int p = 0; p < engine.programs(); ++p) {
    if (batch == 0 || batch_of(engine, p) == batch) return p;
  }
  throw usage(
      fmt::format("--batch={}: the plan was built for a batch of {}; build it again from --file with --batch={}", batch,
                  batch_of(engine, 0), batch));
}

void print_bindings(const Engine& engine, int program) {
  const auto print = [](const char* kind, const TensorInfo& t) {
    fmt::print("Binding {}: {} {} {}, {} bytes\n", kind, one_line(t.name), type_text(t.type), shape_text(t.shape),
               t.bytes);
  };
  for (const TensorInfo& t : engine.inputs(program)) print("input", t);
  for (const TensorInfo& t : engine.outputs(program)) print("output", t);
  const MemoryUse use = engine.memory(program);
  fmt::print("Memory: weights {} bytes, activations {} bytes, workspace {} bytes\n", use.weights, use.activations,
             use.workspace);
}

void infer(const Engine& engine, int program, const Options& o) {
  ProgressLine line("inference");
  RunOptions options;
  options.input = o.dir;
  options.output = o.output_dir;
  options.program = program;
  options.iterations = o.iterations;
  options.progress = [&line](int done, int total) {
    line.update(fmt::format("{} of {} files", done, total), static_cast<double>(done) / std::max(1, total));
  };
  const RunReport r = run_files(engine, options);
  line.clear();
  fmt::print("Files: {}\n", r.files);
  fmt::print("Total inference time: {:.3f} ms\n", r.total_ms);
  fmt::print("Mean inference time: {:.4f} ms, standard deviation {:.4f} ms ({} batches of {}, {} time{} each)\n",
             r.mean_ms, r.std_ms, r.batches, batch_of(engine, program), o.iterations, o.iterations == 1 ? "" : "s");
}

void run(const Options& o) {
  if (o.file.empty() && o.plan.empty()) throw usage("give --file=MODEL.onnx to build, or --plan=PLAN to load");
  if (!o.output_dir.empty() && o.dir.empty())
    throw usage("--output_dir needs samples to predict; give --dir=SAMPLES as well");
  if (!o.output_dir.empty() && o.batch > 1)
    throw usage("--output_dir works with --batch=1 only; leave one of them out");
  check_device(o.device);
  const Engine engine = make_engine(o);
  const int program = choose_program(engine, o.batch);
  if (!o.output_dir.empty() && batch_of(engine, program) > 1) {
    throw usage(fmt::format("--output_dir works with a batch of 1 only; this plan's is {}", batch_of(engine, program)));
  }
  print_bindings(engine, program);
  if (!o.dir.empty()) infer(engine, program, o);
}

}  // namespace

int main(int argc, char** argv) {
  end_on_signals();
  CLI::App app("Build a network or load a plan, and measure its inference on files of raw float32 samples.",
               "inference");
  Options o;
  app.add_option("--file", o.file, "Model in ONNX to build from");
  app.add_option("--plan", o.plan,
                 "With --file: where to save the plan; else the plan to load (building options are ignored)");
  app.add_option("--dir", o.dir, "Folder of samples, one a file; without it nothing is run");
  app.add_option("--output_dir", o.output_dir, "Folder for predictions, named as the samples (batch 1 only)");
  app.add_option("--batch", o.batch, "Samples at once (default: 1; with --plan alone: the plan's)")
      ->check(CLI::Range(int64_t{1}, int64_t{65536}));
  app.add_flag("--half", o.half, "Half precision, where the device has it");
  app.add_option("--calibration_dir", o.calibration_dir, "Folder of calibration samples: turns INT8 on");
  app.add_option("--calibration", o.calibration, "Calibration cache: written with --calibration_dir, read without");
  app.add_option("--iter", o.iterations, "Times to run inference")
      ->check(CLI::Range(1, 1000000000))
      ->capture_default_str();
  app.add_option("--device", o.device, "cpu, or cuda[:N]")->capture_default_str();
  app.footer(
      "Examples:\n"
      "  inference --file=net.onnx --plan=net.plan\n"
      "  inference --plan=net.plan --dir=samples --output_dir=predictions --iter=10");
  return run_program(app, argc, argv, [&o] { run(o); });
}
