// stretto compare PLAN MODEL.onnx
#include <fmt/format.h>
#include <stretto/stretto.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stretto::cli {
namespace {

struct Options {
  std::string plan, model, input;
  int threads = 0;
  bool json = false;
};

/// The lowest own figures: where to look first.
std::vector<const LayerError*> lowest_own(const CompareReport& r, size_t most) {
  std::vector<const LayerError*> order;
  for (const LayerError& e : r.layers) {
    if (e.own_sqnr_db) order.push_back(&e);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const LayerError* a, const LayerError* b) { return *a->own_sqnr_db < *b->own_sqnr_db; });
  order.resize(std::min(order.size(), most));
  return order;
}

void print_integer_layers(const CompareReport& r) {
  using enum Table::Align;
  const auto text = [](const std::optional<double>& db) { return db ? decibel_text(*db) : std::string(); };
  const std::vector<const LayerError*> lowest = lowest_own(r, 3);
  Table layers({"", "value", "of range", "cosine", "SQNR dB", "own dB", "inherited dB"},
               {left, left, right, right, right, right, right});
  for (const LayerError& e : r.layers) {
    const bool marked = std::find(lowest.begin(), lowest.end(), &e) != lowest.end();
    layers.add({marked ? "*" : "", e.name, fmt::format("{:.2e}", e.relative), fmt::format("{:.7f}", e.cosine),
                decibel_text(e.sqnr_db), text(e.own_sqnr_db), text(e.inherited_sqnr_db)});
  }
  fmt::print("{}", layers.text());
  fmt::print(
      "  own: what the step adds, computed from the model's exact values rounded to the plan's integers; inherited: "
      "what\n"
      "  came in with its inputs. * the lowest own. Causes, and what each does to the output: stretto build "
      "--explain\n");
}

void print_report(const CompareReport& r, const Options& o) {
  using enum Table::Align;
  fmt::print("{} against {} in FP32, worst of {} run{} on {}\n", o.plan, o.model, r.samples, r.samples == 1 ? "" : "s",
             o.input.empty() ? "random samples" : o.input);
  Table outputs({"output", "max abs", "mean abs", "of range", "cosine", "SQNR dB"},
                {left, right, right, right, right, right});
  for (const OutputError& e : r.outputs) {
    outputs.add({e.name, fmt::format("{:.2e}", e.max_abs), fmt::format("{:.2e}", e.mean_abs),
                 fmt::format("{:.2e}", e.relative), fmt::format("{:.7f}", e.cosine), decibel_text(e.sqnr_db)});
  }
  fmt::print("{}", outputs.text());
  if (std::any_of(r.layers.begin(), r.layers.end(), [](const LayerError& e) { return e.own_sqnr_db.has_value(); })) {
    print_integer_layers(r);
    return;
  }
  Table layers({"value", "of range", "cosine", "SQNR dB"}, {left, right, right, right});
  for (const LayerError& e : r.layers) {
    layers.add({e.name, fmt::format("{:.2e}", e.relative), fmt::format("{:.7f}", e.cosine), decibel_text(e.sqnr_db)});
  }
  fmt::print("{}", layers.text());
}

void run(const Options& o) {
  const CompareReport report = compare(o.plan, o.model, o.input, o.threads);
  o.json ? print_json(to_json(report)) : print_report(report, o);
}

}  // namespace

void add_compare(CLI::App& app, Work& work) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("compare", "Error of a plan against its model in FP32, layer by layer");
  sub->add_option("PLAN", o->plan, "Plan that `stretto build` wrote")->required();
  sub->add_option("MODEL", o->model, "The ONNX file it was built from")->required();
  sub->add_option("--input", o->input, "Samples, as for `run` (default: random)");
  sub->add_option("--threads", o->threads, "Threads (default: the CPUs this process may use)")
      ->check(CLI::Range(1, 1024));
  sub->add_flag("--json", o->json, "Report as one JSON object on stdout");
  sub->footer("Example:\n  stretto compare resnet50.plan resnet50.onnx --input photographs/");
  sub->callback([o, &work] { work = [o] { run(*o); }; });
}

}  // namespace stretto::cli
