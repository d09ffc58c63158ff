// stretto diff PLAN PLAN
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
  std::string a, b;
  bool json = false;
};

void run(const Options& o) {
  using enum Table::Align;
  const std::vector<PlanDifference> differences = diff(inspect_plan(o.a), inspect_plan(o.b));
  if (o.json) {
    nlohmann::json out = {{"a", o.a}, {"b", o.b}, {"differences", nlohmann::json::array()}};
    for (const PlanDifference& d : differences)
      out["differences"].push_back({{"what", d.what}, {"a", d.a}, {"b", d.b}});
    print_json(out);
    return;
  }
  if (differences.empty()) {
    fmt::print("no differences\n");
    return;
  }
  Table table({"", o.a, o.b}, {left, left, left});
  for (const PlanDifference& d : differences) table.add({d.what, d.a, d.b});
  fmt::print("{}", table.text(64, ""));
}

}  // namespace

void add_diff(CLI::App& app, Work& work) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("diff", "What changed between two plans");
  sub->add_option("A", o->a, "A plan")->required();
  sub->add_option("B", o->b, "Another plan")->required();
  sub->add_flag("--json", o->json, "The differences as one JSON object on stdout");
  sub->footer("Example:\n  stretto diff yesterday.plan today.plan");
  sub->callback([o, &work] { work = [o] { run(*o); }; });
}

}  // namespace stretto::cli
