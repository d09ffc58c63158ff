// problem_bench FILE.txt…: every tactic of this processor on every problem of the files, checked and timed.
#include <fmt/format.h>
#include <stretto/error.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/cpu_info.h"
#include "bench/problem_lines.h"
#include "bench/problem_trials.h"
#include "cli/json.h"
#include "cli/program.h"
#include "cli/text.h"
#include "runtime/throw.h"
#include "tools/peak.h"

namespace stretto::problems {
namespace {

struct Options {
  std::vector<std::string> files;
  TrialOptions trials;
  int64_t sample = 0;
  uint64_t seed = 1;
  bool parse = false, check = false, json = false;
};

/// What stands in the report for one outcome beside its name and error.
struct Speed {
  double ms = 0, gflops = 0, gb_per_s = 0, percent_of_peak = 0;
};

Speed speed_of(const Problem& problem, const Outcome& outcome, double peak_gflops) {
  if (outcome.seconds <= 0) return {};
  const double gflops = problem.flops() * 1e-9 / outcome.seconds;
  return {outcome.seconds * 1e3, gflops, problem.bytes() * 1e-9 / outcome.seconds,
          peak_gflops > 0 ? 100 * gflops / peak_gflops : 0};
}

std::string verdict_of(const Outcome& o) {
  if (!o.wrong.empty()) return "WRONG: " + o.wrong;
  return o.offered ? "ok" : "not offered: error beyond the limit";
}

void print_problem(const Line& line, const std::vector<Outcome>& outcomes, bool timed, double peak_gflops) {
  using enum cli::Table::Align;
  fmt::print("{}:{}: {}\n", line.file, line.number, to_string(line.problem));
  if (outcomes.empty()) fmt::print("  no such tactic takes it on this processor\n");
  if (outcomes.empty()) return;
  cli::Table table({"tactic", "config", "type", "error", "limit", "ms", "GFLOP/s", "of peak", "GB/s", "verdict"},
                   {left, left, left, right, right, right, right, right, right, left});
  for (const Outcome& o : outcomes) {
    const Speed s = speed_of(line.problem, o, peak_gflops);
    const bool shown = timed && o.seconds > 0, computes = shown && line.problem.flops() > 0;
    table.add({o.tactic->name, to_string(o.config), precision_of(line.problem, o.tactic),
               fmt::format("{:.1e}", o.error), fmt::format("{:.0e}", o.allowed),
               shown ? fmt::format("{:.4f}", s.ms) : "-", computes ? fmt::format("{:.1f}", s.gflops) : "-",
               computes ? fmt::format("{:.1f} %", s.percent_of_peak) : "-",
               shown ? fmt::format("{:.1f}", s.gb_per_s) : "-", verdict_of(o)});
  }
  fmt::print("{}", table.text());
  std::fflush(stdout);
}

nlohmann::json to_json(const Line& line, const std::vector<Outcome>& outcomes, double peak_gflops) {
  nlohmann::json tactics = nlohmann::json::array();
  for (const Outcome& o : outcomes) {
    nlohmann::json row = {{"tactic", o.tactic->name},
                          {"config", to_string(o.config)},
                          {"precision", precision_of(line.problem, o.tactic)},
                          {"error", o.error},
                          {"allowed", o.allowed},
                          {"verdict", verdict_of(o)}};
    if (o.seconds > 0) {
      const Speed s = speed_of(line.problem, o, peak_gflops);
      row.update(
          {{"ms", s.ms}, {"gflops", s.gflops}, {"gb_per_s", s.gb_per_s}, {"percent_of_peak", s.percent_of_peak}});
    }
    tactics.push_back(std::move(row));
  }
  return {{"file", line.file},
          {"line", line.number},
          {"problem", to_string(line.problem)},
          {"gflop", line.problem.flops() * 1e-9},
          {"tactics", std::move(tactics)}};
}

void run(const Options& o) {
  std::vector<Line> lines = value_or_throw(read_lines(o.files));
  if (o.sample > 0) lines = sample_lines(std::move(lines), static_cast<size_t>(o.sample), o.seed);
  if (o.parse) {
    fmt::print("{} problems in {} file{}\n", lines.size(), o.files.size(), o.files.size() == 1 ? "" : "s");
    return;
  }
  const bool timed = o.trials.timed;
  const double peak = timed ? tools::measure_peak_gflops(tools::widest_float_isa(), o.trials.threads) : 0;
  const std::string device =
      fmt::format("{}, {} thread{}", cpu_model(), o.trials.threads, o.trials.threads == 1 ? "" : "s");
  if (!o.json && timed) fmt::print("{}; FP32 peak {:.1f} GFLOP/s\n", device, peak);

  Trials trials(o.trials);
  nlohmann::json problems = nlohmann::json::array();
  size_t runs = 0, wrong = 0;
  for (const Line& line : lines) {
    const std::vector<Outcome> outcomes = trials.run(line.problem);
    runs += outcomes.size();
    const auto bad = static_cast<size_t>(
        std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& x) { return !x.wrong.empty(); }));
    wrong += bad;
    if (o.json) {
      problems.push_back(to_json(line, outcomes, peak));
    } else if (timed || bad > 0) {
      print_problem(line, outcomes, timed, peak);
    }
  }
  if (o.json) {
    cli::print_json({{"machine", cpu_model()},
                     {"threads", o.trials.threads},
                     {"peak_gflops", peak},
                     {"problems", std::move(problems)},
                     {"checked", runs},
                     {"wrong", wrong}});
  } else {
    fmt::print("{} problems, {} tactics checked, {} wrong\n", lines.size(), runs, wrong);
  }
  if (runs == 0) {
    throw Error(ErrorKind::bad_usage, fmt::format("no tactic with '{}' in its name takes any of these problems on this "
                                                  "processor; `stretto build --list-tactics` shows the names",
                                                  o.trials.name_part));
  }
  if (wrong > 0) {
    throw Error(ErrorKind::failed, fmt::format("{} of {} tactics compute wrong results: see the report", wrong, runs));
  }
}

void add_options(CLI::App& app, Options& o) {
  app.add_option("FILE", o.files, "Files of problems, one a line; a problem that comes again is taken once")
      ->required();
  app.add_option("--threads", o.trials.threads, "Threads to run with (default: the CPUs this process may use)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--tactic", o.trials.name_part, "Only tactics with this in their name: avx512, conv_direct, …");
  app.add_flag("--all-configs", o.trials.all_configs, "Every configuration of a tactic (default: best by estimate)");
  app.add_option("--sample", o.sample, "Only so many of the problems, drawn by --seed")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}));
  app.add_option("--seed", o.seed, "Of the sample")->capture_default_str();
  app.add_option("--seconds-each", o.trials.seconds_each, "Of timing for each tactic and configuration")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--cold-weights", o.trials.cold_weights, "Every run finds its weights in memory, not in a cache");
  CLI::Option* check = app.add_flag("--check", o.check, "Check the results, time nothing; show what is wrong");
  app.add_flag("--parse", o.parse, "Only read the files")->excludes(check);
  app.add_flag("--json", o.json, "Report as one JSON object on stdout");
  app.footer(
      "Examples:\n"
      "  problem_bench bench/problems/*.txt --check\n"
      "  problem_bench bench/problems/resnet50.txt --tactic conv --threads 2\n"
      "  problem_bench bench/problems/unet.txt --sample 3 --all-configs --json\n\n"
      "A line is what `stretto inspect PLAN --problems` shows for a layer. Every tactic that takes the problem here "
      "runs\n"
      "once and is compared with the reference, within the limits that a build sets; then all take turns on the "
      "clock.\n"
      "Speeds are shown beside the FP32 peak that was measured at the start of the same run. Exit status: 0 done, 1 a\n"
      "tactic computes wrong results, 2 wrong usage or a line that is no problem.");
}

}  // namespace
}  // namespace stretto::problems

int main(int argc, char** argv) {
  using namespace stretto;
  cli::end_on_signals();
  CLI::App app("Check and time every tactic on problems from files.", "problem_bench");
  problems::Options options;
  options.trials.threads = usable_cpus();
  problems::add_options(app, options);
  return cli::run_program(app, argc, argv, [&options] {
    options.trials.timed = !options.check;
    problems::run(options);
  });
}
