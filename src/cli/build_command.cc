// stretto build MODEL.onnx -o PLAN
#include <fmt/format.h>
#include <stretto/stretto.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/build_flags.h"
#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/json.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/text.h"

namespace stretto::cli {
namespace {

struct Options {
  BuildFlags flags;
  std::string model, plan;
  bool json = false, quiet = false;
};

void print_tactics(const std::vector<TacticReport>& tactics) {
  using enum Table::Align;
  Table table({"layer", "tactic", "ms", "verdict"}, {left, left, right, left});
  for (const TacticReport& t : tactics) {
    table.add({t.layer.empty() ? t.problem : t.layer, t.tactic, t.time_ms > 0 ? fmt::format("{:.4f}", t.time_ms) : "",
               t.verdict});
  }
  fmt::print("{}", table.text());
}

void print_summary(const BuildReport& r, const std::string& plan) {
  double gflop = 0;
  for (const LayerReport& l : r.layers) gflop += l.gflop;
  fmt::print("{} → {}\n", r.model, plan);
  fmt::print("  target        {}, {}, {} layers, {:.2f} GFLOP\n", r.device, r.precision, r.layers.size(), gflop);
  fmt::print("  built in      {}; {} tactics timed; verified in {}\n", time_text(r.build_s * 1e3), r.timed_tactics,
             time_text(r.verify_s * 1e3));
  fmt::print("  size          plan {}, weights {}, activations {}\n", bytes_text(r.plan_bytes),
             bytes_text(r.weights_bytes), bytes_text(r.activation_bytes));
  for (const OutputError& e : r.errors) {
    fmt::print("  error         {}: {:.1e} of its range, cosine {:.7f}\n", one_line(e.name), e.relative, e.cosine);
  }
  for (const std::string& note : r.notes) fmt::print("  note          {}\n", one_line(note));
}

void run(const Options& o) {
  BuildOptions options = to_build_options(o.flags);
  check_can_write(o.plan);
  if (o.plan == o.model)
    throw Error(ErrorKind::bad_usage, o.plan + ": the plan would overwrite the model; choose another name");
  if (o.plan == o.flags.calib_cache)
    throw Error(ErrorKind::bad_usage, o.plan + ": the plan would overwrite the recipe; choose another name");
  const std::string page = page_of(o.flags);
  for (const std::string& other : {o.model, o.plan, o.flags.calib_cache}) {
    if (!page.empty() && page == other)
      throw Error(ErrorKind::bad_usage, page + ": the explanation would overwrite it; choose another name");
  }
  ProgressLine line("build", o.quiet);
  options.progress = [&line](const Progress& p) { line.update(p.stage, p.fraction, p.remaining_s, p.detail); };
  const Plan plan = build(o.model, options);
  {
    const Saving saving;
    plan.save(o.plan);
    if (!page.empty()) write_explanation(plan.report(), page);
  }
  line.clear();
  if (o.json) {
    print_json(to_json(plan.report(), o.plan));
    return;
  }
  if (o.flags.list_tactics) print_tactics(plan.report().tactics);
  print_summary(plan.report(), o.plan);
  if (options.explain) fmt::print("{}", explanation_text(plan.report()));
}

}  // namespace

void add_build(CLI::App& app, Work& work) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("build", "Optimise a model for this machine, by timing; write the plan");
  sub->add_option("MODEL", o->model, "ONNX file")->required();
  sub->add_option("-o,--output", o->plan, "Plan to write")->required();
  sub->add_flag("--json", o->json, "Report as one JSON object on stdout");
  sub->add_flag("--quiet", o->quiet, "No progress on stderr");
  add_build_flags(*sub, o->flags, true);
  std::string passes = "Passes of the optimiser, for --skip-pass:\n";
  for (const auto& [name, what] : optimiser_passes()) passes += fmt::format("  {:28} {}\n", name, what);
  passes += "Steps of quantisation, for the same:\n";
  for (const auto& [name, what] : quantisation_steps()) passes += fmt::format("  {:28} {}\n", name, what);
  sub->footer(
      "Examples:\n"
      "  stretto build resnet50.onnx -o resnet50.plan --preprocess imagenet\n"
      "  stretto build net.onnx -o net.plan --batch 4 --threads 2\n"
      "  stretto build net.onnx -o net.plan --shape x:1x3x224x224 --shape x:4x3x224x224\n"
      "  stretto build net.onnx -o net.plan --precision int8 --calib samples/ --explain=why.html\n"
      "  stretto build net.onnx -o net.plan --log-tactics choices.txt   (and --tactics choices.txt: the same bytes "
      "again)\n\n" +
      passes);
  sub->callback([o, &work] { work = [o] { run(*o); }; });
}

}  // namespace stretto::cli
