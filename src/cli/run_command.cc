// stretto run PLAN --input PATH --output DIR
#include <fmt/format.h>
#include <stretto/stretto.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/build_flags.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/text.h"

namespace stretto::cli {
namespace {

struct Options {
  RunOptions run;
  std::string plan, format, device;
  bool json = false, quiet = false;
};

void run(Options& o) {
  if (!o.device.empty()) check_device(o.device);
  if (!o.format.empty()) o.run.format = o.format == "npy" ? SampleFormat::npy : SampleFormat::raw;
  const Engine engine = Engine::load(o.plan, false, o.device);
  ProgressLine line("run", o.quiet);
  o.run.progress = [&line](int done, int total) {
    line.update(fmt::format("{} of {} files", done, total), static_cast<double>(done) / std::max(1, total));
  };
  const RunReport r = run_files(engine, o.run);
  line.clear();
  if (o.json) {
    print_json({{"plan", o.plan},
                {"input", o.run.input},
                {"output", o.run.output},
                {"files", r.files},
                {"samples", r.samples},
                {"batches", r.batches},
                {"written", r.written},
                {"total_ms", r.total_ms},
                {"mean_ms", r.mean_ms},
                {"std_ms", r.std_ms}});
    return;
  }
  fmt::print("{} files, {} samples in {} batches; {} in all, {} ± {} a run\n", r.files, r.samples, r.batches,
             time_text(r.total_ms), time_text(r.mean_ms), time_text(r.std_ms));
  if (!r.written.empty()) fmt::print("{} files written to {}\n", r.written.size(), o.run.output);
}

}  // namespace

void add_run(CLI::App& app, Work& work) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("run", "Run a plan on files of samples or pictures");
  sub->add_option("PLAN", o->plan, "Plan that `stretto build` wrote")->required();
  sub->add_option(
         "--input", o->run.input,
         "A file or folder: raw float32, .npy, or .jpg/.png with the plan's preprocessing; a network with several "
         "inputs reads PATH/<input>/<name>")
      ->required();
  sub->add_option("--output", o->run.output, "Folder for the outputs: one file per input, same name")->required();
  sub->add_option("--format", o->format, "raw or npy (default: that of the input; raw for pictures)")
      ->check(CLI::IsMember({"raw", "npy"}));
  sub->add_option("--iterations", o->run.iterations, "Run every batch this many times")
      ->check(CLI::Range(1, 1000000000))
      ->capture_default_str();
  sub->add_option("--duration", o->run.duration_s, "Repeat batches for about this many seconds")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--warmup", o->run.warmup_s, "Seconds of runs before the first that counts")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--threads", o->run.threads, "Threads of each context (default: the CPUs this process may use)")
      ->check(CLI::Range(1, 1024));
  sub->add_option("--contexts", o->run.contexts, "Batches that run side by side")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  sub->add_option("--program", o->run.program, "Which set of input shapes, in the order they were built")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--device", o->device, "cpu, or cuda[:N]: which GPU a plan for one runs on (default: the first)");
  sub->add_flag("--json", o->json, "Report as one JSON object on stdout");
  sub->add_flag("--quiet", o->quiet, "No progress on stderr");
  sub->footer(
      "Examples:\n"
      "  stretto run resnet50.plan --input photographs/ --output answers/ --format npy\n"
      "  stretto run net.plan --input sample.npy --output out/");
  sub->callback([o, &work] { work = [o] { run(*o); }; });
}

}  // namespace stretto::cli
